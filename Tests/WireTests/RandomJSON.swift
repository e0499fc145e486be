import TidemillSeams
import TidemillWire

/// Makes small documents, and patches for them, from a seed; names and numbers repeat, so that much of it fits together.
struct RandomJSON {
    static let names = ["a", "b", "c", "", "0", "1", "01", "-", "~", "/", "~1", "__proto__", "é", "e\u{301}x"]
    private static let numbers = ["1.0", "10e-1", "-0.0", "2.5", "25e-1", "1e300", "18446744073709551615"]

    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    mutating func pick<Value>(_ choices: [Value]) -> Value { choices[below(choices.count)] }

    /// - Parameter levels: at most so many arrays and objects within each other.
    mutating func value(levels: Int = 4, allowsNull: Bool = true) -> JSON {
        switch below(levels > 0 ? 10 : 5) {
        case 0: return allowsNull ? .null : false
        case 1: return .bool(below(2) == 0)
        case 2: return .integer(Int64(below(3)))
        case 3: return .number(pick(Self.numbers))
        case 4: return .string(pick(Self.names))
        case 5, 6, 7: return object(levels: levels, allowsNull: allowsNull)
        default:
            return .array((0..<below(4)).map { _ in value(levels: levels - 1, allowsNull: allowsNull) })
        }
    }

    mutating func object(levels: Int = 4, allowsNull: Bool = true) -> JSON {
        var object = JSONObject()
        for _ in 0..<below(6) {
            object[pick(Self.names)] = value(levels: levels - 1, allowsNull: allowsNull)
        }
        return .object(object)
    }

    /// A path that is in the document; one step further, or somewhere else, every third time.
    mutating func path(in document: JSON) -> String {
        var path = ""
        var value = document
        while below(4) > 0 {
            let names =
                switch value {
                case .object(let object): object.keys
                case .array(let items): items.indices.map(String.init)
                default: [String]()
                }
            guard !names.isEmpty else { break }
            let name = pick(names)
            path += Self.escaped(name)
            value = value.at([name]) ?? .null
        }
        if below(3) == 0 { path += Self.escaped(pick(Self.names)) }
        return path
    }

    /// An operation that often fits to the document.
    mutating func operation(on document: JSON) -> JSON {
        let path = JSON.string(path(in: document))
        switch below(6) {
        case 0: return ["op": "add", "path": path, "value": value(levels: 2)]
        case 1: return ["op": "remove", "path": path]
        case 2: return ["op": "replace", "path": path, "value": value(levels: 2)]
        case 3: return ["op": "move", "path": path, "from": .string(self.path(in: document))]
        case 4: return ["op": "copy", "path": path, "from": .string(self.path(in: document))]
        default:
            let pointer = path.string.flatMap(JSONPointer.init)
            let there = pointer.flatMap { document.at($0.tokens) }
            return ["op": "test", "path": path, "value": there ?? value(levels: 1)]
        }
    }

    private static func escaped(_ name: String) -> String {
        var text = "/"
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": text += "~0"
            case "/": text += "~1"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
