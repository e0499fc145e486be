/// A JSON document as a tree: members keep their order, integers of 64 bits are exact, other numbers keep their text.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Any number that is not a 64-bit integer, as it was written.
    case number(String)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

/// The members of a JSON object, in order. Objects are small: look-up is a scan.
///
/// Two objects are equal when they hold equal members, in any order.
package struct JSONObject: Sendable {
    package struct Member: Hashable, Sendable {
        package var key: String
        package var value: JSON

        package init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }
    }

    package private(set) var members: [Member]

    /// `members` must not repeat a key.
    package init(_ members: [Member] = []) {
        self.members = members
    }

    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }
    package var keys: [String] { members.map(\.key) }

    package subscript(key: String) -> JSON? {
        get { members.first { $0.key == key }?.value }
        set {
            if let index = members.firstIndex(where: { $0.key == key }) {
                if let newValue {
                    members[index].value = newValue
                } else {
                    members.remove(at: index)
                }
            } else if let newValue {
                members.append(Member(key: key, value: newValue))
            }
        }
    }

    /// Adds a member that is known to be new; the writers' fast path.
    package mutating func append(_ key: String, _ value: JSON) {
        members.append(Member(key: key, value: value))
    }
}

extension JSONObject: Hashable {
    package static func == (a: JSONObject, b: JSONObject) -> Bool {
        guard a.count == b.count else { return false }
        // Two copies of one object mostly keep one order; only those that do not pay for look-ups.
        guard let start = zip(a.members, b.members).enumerated().first(where: { $1.0.key != $1.1.key })?.offset else {
            return zip(a.members, b.members).allSatisfy { $0.value == $1.value }
        }
        let positions = Positions(b)
        return zip(a.members[..<start], b.members[..<start]).allSatisfy { $0.value == $1.value }
            && a.members[start...].allSatisfy { mine in
                positions[mine.key].map { b.members[$0].value == mine.value } ?? false
            }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        var all = 0
        for member in members { all ^= member.hashValue }
        hasher.combine(all)
    }
}

extension JSONObject {
    /// Where the members of one object are: a scan while it is small, a hash table beyond, so that work over two
    /// objects of a stranger's size stays linear.
    package struct Positions {
        private static let scanned = 16
        private let members: [Member]
        private let table: [String: Int]?

        package init(_ object: JSONObject) {
            members = object.members
            table =
                members.count <= Self.scanned
                ? nil : Dictionary(members.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
        }

        /// The index of the member `key`.
        package subscript(key: String) -> Int? {
            if let table { table[key] } else { members.firstIndex { $0.key == key } }
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.map { Member(key: $0.0, value: $0.1) })
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { .init(key: $0.0, value: $0.1) }))
    }
}

extension JSON {
    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    package var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    package var array: [JSON]? { if case .array(let items) = self { items } else { nil } }
    package var object: JSONObject? { if case .object(let object) = self { object } else { nil } }

    /// The member `key` of an object; setting it on anything else makes an object of it.
    package subscript(key: String) -> JSON? {
        get { object?[key] }
        set {
            var object = self.object ?? JSONObject()
            object[key] = newValue
            self = .object(object)
        }
    }

    /// The value at a path of member names and array indices, such as `["status", "shares", "0", "device"]`.
    package func at(_ path: [String]) -> JSON? {
        var value = self
        for step in path {
            switch value {
            case .object(let object):
                guard let next = object[step] else { return nil }
                value = next
            case .array(let items):
                guard let index = Int(step), items.indices.contains(index) else { return nil }
                value = items[index]
            default:
                return nil
            }
        }
        return value
    }

    /// What the value is, in the words of error messages.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
