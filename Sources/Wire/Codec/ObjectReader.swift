import TidemillModel

/// Takes typed members out of a JSON object; null counts as absent. The generated codec is made of these calls.
package struct ObjectReader {
    private let object: JSONObject

    package init(_ json: JSON) throws(DecodeFailure) {
        guard case .object(let object) = json else { throw .mismatch("an object", json) }
        self.object = object
    }

    private func member(_ key: String) -> JSON? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    private func decode<T: WireValue>(_ json: JSON, _ key: String) throws(DecodeFailure) -> T {
        do {
            return try T(json: json)
        } catch {
            throw error.under(key)
        }
    }

    package func required<T: WireValue>(_ key: String) throws(DecodeFailure) -> T {
        guard let value = member(key) else { throw DecodeFailure(path: key, message: "is required") }
        return try decode(value, key)
    }

    package func optional<T: WireValue>(_ key: String) throws(DecodeFailure) -> T? {
        guard let value = member(key) else { return nil }
        return try decode(value, key) as T
    }

    package func value<T: WireValue>(_ key: String, default fallback: @autoclosure () -> T) throws(DecodeFailure) -> T {
        guard let value = member(key) else { return fallback() }
        return try decode(value, key)
    }

    package func list<T: WireValue>(_ key: String) throws(DecodeFailure) -> [T] {
        guard let value = member(key) else { return [] }
        guard case .array(let items) = value else { throw DecodeFailure.mismatch("a list", value).under(key) }
        var list: [T] = []
        list.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            do {
                list.append(try T(json: item))
            } catch {
                throw error.under("[\(index)]").under(key)
            }
        }
        return list
    }

    package func map<T: WireValue>(_ key: String) throws(DecodeFailure) -> [String: T] {
        guard let value = member(key) else { return [:] }
        guard case .object(let members) = value else { throw DecodeFailure.mismatch("an object", value).under(key) }
        var map: [String: T] = [:]
        map.reserveCapacity(members.count)
        for member in members.members {
            do {
                map[member.key] = try T(json: member.value)
            } catch {
                throw error.under(member.key).under(key)
            }
        }
        return map
    }
}
