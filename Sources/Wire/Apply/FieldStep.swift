/// One step from a value down to a part of it, in the sets that say who owns what.
package enum FieldStep: Hashable, Sendable {
    /// A member of an object.
    case field(String)
    /// The item of a list whose identifying members have these values; sorted by name.
    case key([JSONObject.Member])
    /// The item of a set that has this value.
    case value(JSON)
    /// The item at a place of a list: read and kept for clients that write it, and never made here.
    case index(Int)
}

extension FieldStep {
    /// The step to an item of a list whose items are told apart by `keys`; nil when the item lacks one of them.
    static func item(_ item: JSON, keys: [String]) -> FieldStep? {
        var members: [JSONObject.Member] = []
        for key in keys {
            guard let value = item[key], value.isScalar else { return nil }
            members.append(.init(key: key, value: value))
        }
        return .key(members)
    }

    /// As conflicts show it: `.spec`, `[type="Ready"]`, `[="a"]`, `[3]`.
    var text: String {
        switch self {
        case .field(let name): "." + name
        case .key(let members): "[" + members.map { "\($0.key)=\($0.value.text)" }.joined(separator: ",") + "]"
        case .value(let value): "[=\(value.text)]"
        case .index(let index): "[\(index)]"
        }
    }
}

/// The order in which sets are written: members, keys, values, indices, each kind by what it holds.
extension FieldStep: Comparable {
    package static func < (a: FieldStep, b: FieldStep) -> Bool {
        switch (a, b) {
        case (.field(let a), .field(let b)): a < b
        case (.key(let a), .key(let b)):
            a.lexicographicallyPrecedes(b) { $0.key == $1.key ? $0.value.precedes($1.value) : $0.key < $1.key }
        case (.value(let a), .value(let b)): a.precedes(b)
        case (.index(let a), .index(let b)): a < b
        default: a.rank < b.rank
        }
    }

    private var rank: Int {
        switch self {
        case .field: 0
        case .key: 1
        case .value: 2
        case .index: 3
        }
    }
}

extension JSON {
    /// Neither an array nor an object.
    var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }

    /// True for `{}` and `[]`.
    var isEmptyContainer: Bool {
        switch self {
        case .array(let items): items.isEmpty
        case .object(let object): object.isEmpty
        default: false
        }
    }

    /// A total order of scalars: numbers by what they are worth, then texts, booleans and null.
    fileprivate func precedes(_ other: JSON) -> Bool {
        if let mine = worth, let theirs = other.worth {
            return mine == theirs ? text < other.text : mine < theirs
        }
        switch (self, other) {
        case (.string(let a), .string(let b)): return a < b
        case (.bool(let a), .bool(let b)): return !a && b
        default: return order < other.order
        }
    }

    private var worth: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let text): Double(text)
        default: nil
        }
    }

    private var order: Int {
        switch self {
        case .integer, .number: 0
        case .string: 1
        case .bool: 2
        default: 3
        }
    }
}
