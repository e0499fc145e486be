/// A JSON document with its members in order, for the OpenAPI files.
indirect enum Document {
    case string(String)
    case int(Int)
    case bool(Bool)
    case list([Document])
    case object([(String, Document)])

    func text(indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .string(let text): return quoted(text)
        case .int(let number): return String(number)
        case .bool(let flag): return String(flag)
        case .list(let items):
            if items.isEmpty { return "[]" }
            return "[\n" + items.map { inner + $0.text(indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map { "\(inner)\(quoted($0.0)): \($0.1.text(indent: inner))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    private func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
