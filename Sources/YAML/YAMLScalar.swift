import TidemillWire

/// Reads plain scalars by the core schema of YAML 1.2: `yes`, `on` and `12:30` are strings, unlike in YAML 1.1.
enum YAMLScalar {
    /// The value of an unquoted scalar; nil for numbers that JSON cannot carry (infinities and NaN).
    static func plain(_ text: String) -> JSON? {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        guard let first = text.utf8.first else { return .null }
        let isNumeric = (0x30...0x39).contains(first) || first == 0x2D || first == 0x2B || first == 0x2E
        guard isNumeric else { return .string(text) }
        if text.hasPrefix("0x"), let number = Int64(text.dropFirst(2), radix: 16), !text.contains("-"),
            !text.contains("+")
        {
            return .integer(number)
        }
        if text.hasPrefix("0o"), let number = Int64(text.dropFirst(2), radix: 8), !text.contains("-"),
            !text.contains("+")
        {
            return .integer(number)
        }
        return number(text)
    }

    /// `[-+]? digits [. digits] [e [-+] digits]`, spelled as JSON wants it; a string when it is anything else.
    private static func number(_ text: String) -> JSON? {
        var rest = text[...]
        var sign = ""
        if rest.hasPrefix("-") || rest.hasPrefix("+") {
            if rest.removeFirst() == "-" { sign = "-" }
        }
        if [".inf", ".Inf", ".INF"].contains(rest) { return nil }
        if sign.isEmpty, [".nan", ".NaN", ".NAN"].contains(rest) { return nil }
        let whole = takeDigits(&rest)
        if rest.isEmpty, !whole.isEmpty {
            return Int64(sign + whole).map { .integer($0) } ?? .number(sign + trimmed(whole))
        }
        var fraction = ""
        if rest.hasPrefix(".") {
            rest.removeFirst()
            fraction = takeDigits(&rest)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return .string(text) }
        var exponent = ""
        if rest.hasPrefix("e") || rest.hasPrefix("E") {
            rest.removeFirst()
            if rest.hasPrefix("-") || rest.hasPrefix("+") { exponent.append(rest.removeFirst()) }
            let digits = takeDigits(&rest)
            guard !digits.isEmpty else { return .string(text) }
            exponent = "e" + exponent + digits
        }
        guard rest.isEmpty else { return .string(text) }
        return .number(sign + trimmed(whole) + (fraction.isEmpty ? "" : "." + fraction) + exponent)
    }

    private static func takeDigits(_ rest: inout Substring) -> String {
        let digits = rest.prefix { $0.isASCII && $0.isWholeNumber }
        rest = rest[digits.endIndex...]
        return String(digits)
    }

    /// Digits without leading zeros, which JSON forbids.
    private static func trimmed(_ digits: String) -> String {
        let kept = digits.drop { $0 == "0" }
        return kept.isEmpty ? "0" : String(kept)
    }
}
