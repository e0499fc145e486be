extension JSON {
    /// The scalar values at a dotted path, as field selectors compare them. A list on the way adds all its items.
    package func fieldValues(_ path: String) -> [String] {
        var found: [JSON] = [self]
        for name in path.split(separator: ".") {
            found = found.flatMap { value -> [JSON] in
                switch value {
                case .object(let object): object[String(name)].map { [$0] } ?? []
                case .array(let items): items.compactMap { $0[String(name)] }
                default: []
                }
            }
        }
        return found.flatMap { value in
            if case .array(let items) = value {
                items.compactMap(\.scalarText)
            } else {
                value.scalarText.map { [$0] } ?? []
            }
        }
    }

    /// A scalar as text without quotes; nil for null, arrays and objects.
    package var scalarText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .integer(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
