import Yams

/// A YAML mapping that is taken apart key by key; what is left at the end is a mistake.
struct YAMLObject {
    private var members: [(key: String, value: Node)] = []
    private let place: String

    init(_ mapping: Node.Mapping, at place: String) throws {
        self.place = place
        for (key, value) in mapping {
            guard let name = key.string else { throw SchemaError(description: "\(place): a key is no string") }
            members.append((name, value))
        }
    }

    func error(_ text: String) -> SchemaError { SchemaError(description: "\(place): \(text)") }
    func has(_ key: String) -> Bool { members.contains { $0.key == key } }

    private mutating func take(_ key: String) -> Node? {
        guard let index = members.firstIndex(where: { $0.key == key }) else { return nil }
        return members.remove(at: index).value
    }

    mutating func skip(_ key: String) { _ = take(key) }

    mutating func optionalString(_ key: String) throws -> String? {
        guard let node = take(key) else { return nil }
        guard let text = node.scalar?.string else { throw error("\(key) is no string") }
        return text
    }

    mutating func string(_ key: String) throws -> String {
        guard let text = try optionalString(key) else { throw error("\(key) is missing") }
        return text
    }

    mutating func int(_ key: String) throws -> Int? {
        guard let node = take(key) else { return nil }
        guard let number = node.int else { throw error("\(key) is no integer") }
        return number
    }

    mutating func bool(_ key: String) throws -> Bool {
        guard let node = take(key) else { return false }
        guard let flag = node.bool else { throw error("\(key) is no boolean") }
        return flag
    }

    mutating func strings(_ key: String) throws -> [String] {
        guard let node = take(key) else { return [] }
        guard let items = node.sequence else { throw error("\(key) is no list") }
        return try items.map {
            guard let text = $0.scalar?.string else { throw error("\(key) holds something that is no string") }
            return text
        }
    }

    mutating func list(_ key: String) throws -> [YAMLObject] {
        guard let node = take(key) else { return [] }
        guard let items = node.sequence else { throw error("\(key) is no list") }
        return try items.enumerated().map { index, item in
            guard let mapping = item.mapping else { throw error("\(key)[\(index)] is no object") }
            return try YAMLObject(mapping, at: "\(place): \(key)[\(index)]")
        }
    }

    mutating func object(_ key: String) throws -> YAMLObject? {
        guard let node = take(key) else { return nil }
        guard let mapping = node.mapping else { throw error("\(key) is no object") }
        return try YAMLObject(mapping, at: "\(place): \(key)")
    }

    /// Named objects, in the order in which they are written.
    mutating func objects(_ key: String) throws -> [(String, YAMLObject)] {
        guard let node = take(key) else { return [] }
        guard let mapping = node.mapping else { throw error("\(key) is no object") }
        return try mapping.map { name, value in
            guard let name = name.string, let mapping = value.mapping else { throw error("\(key) holds no object") }
            return (name, try YAMLObject(mapping, at: "\(place): \(name)"))
        }
    }

    func finish() throws {
        if let first = members.first { throw error("unknown key \(first.key)") }
    }
}
