import TidemillModel

/// Puts typed members into a JSON object, in order; nil and empty ones are left out. The generated codec is made of these calls.
package struct ObjectWriter {
    private var object = JSONObject()

    package var json: JSON { .object(object) }

    package mutating func put(_ key: String, _ value: some WireValue) {
        object.append(key, value.json)
    }

    package mutating func put(_ key: String, _ value: (some WireValue)?) {
        guard let value else { return }
        object.append(key, value.json)
    }

    package mutating func put(_ key: String, _ list: [some WireValue]) {
        guard !list.isEmpty else { return }
        object.append(key, .array(list.map(\.json)))
    }

    /// Keys are sorted, so that equal maps have equal bytes.
    package mutating func put(_ key: String, _ map: [String: some WireValue]) {
        guard !map.isEmpty else { return }
        let members = map.sorted { $0.key < $1.key }
        object.append(key, .object(JSONObject(members.map { .init(key: $0.key, value: $0.value.json) })))
    }

    /// For objects that say nothing when they are empty, such as a fresh status.
    package mutating func putUnlessEmpty(_ key: String, _ value: some WireValue) {
        let json = value.json
        if let members = json.object, members.isEmpty { return }
        object.append(key, json)
    }

    /// The start of every whole object.
    package init(_ info: KindInfo, _ metadata: ObjectMeta) {
        object.append("apiVersion", .string(info.apiVersion))
        object.append("kind", .string(info.kind))
        object.append("metadata", metadata.json)
    }

    package init() {}
}
