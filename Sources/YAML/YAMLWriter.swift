import TidemillWire

/// Writes JSON trees as YAML that every reader, of 1.1 too, reads back as the same value.
package enum YAMLWriter {
    /// The document, ended by a newline.
    package static func text(_ value: JSON) -> String {
        var out = ""
        switch value {
        case .object(let object) where !object.isEmpty: write(object, indent: 0, isInline: false, into: &out)
        case .array(let items) where !items.isEmpty: write(items, indent: 0, into: &out)
        default: out = scalar(value, indent: 2) + "\n"
        }
        return out
    }

    /// `isInline` says that the first member follows a dash on the same line.
    private static func write(_ object: JSONObject, indent: Int, isInline: Bool, into out: inout String) {
        let margin = String(repeating: " ", count: indent)
        for (index, member) in object.members.enumerated() {
            if index > 0 || !isInline { out += margin }
            out += quotedIfNeeded(member.key) + ":"
            switch member.value {
            case .object(let child) where !child.isEmpty:
                out += "\n"
                write(child, indent: indent + 2, isInline: false, into: &out)
            case .array(let items) where !items.isEmpty:
                // As kubectl does, a list is not indented below its key.
                out += "\n"
                write(items, indent: indent, into: &out)
            case let value:
                out += " " + scalar(value, indent: indent + 2) + "\n"
            }
        }
    }

    private static func write(_ items: [JSON], indent: Int, into out: inout String) {
        let margin = String(repeating: " ", count: indent)
        for item in items {
            out += margin + "- "
            switch item {
            case .object(let child) where !child.isEmpty:
                write(child, indent: indent + 2, isInline: true, into: &out)
            case .array(let children) where !children.isEmpty:
                out += "\n"
                write(children, indent: indent + 2, into: &out)
            case let value:
                out += scalar(value, indent: indent + 2) + "\n"
            }
        }
    }

    private static func scalar(_ value: JSON, indent: Int) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .number(let text): text
        case .string(let text): isBlock(text) ? block(text, indent: indent) : quotedIfNeeded(text)
        case .array: "[]"
        case .object: "{}"
        }
    }

    /// Scripts and the like: several lines, nothing that a literal block would change.
    private static func isBlock(_ text: String) -> Bool {
        guard text.contains("\n"), let first = text.first, first != " ", first != "\n", first != "\t" else {
            return false
        }
        return text.unicodeScalars.allSatisfy {
            $0 == "\n" || $0 == "\t" || ($0.value >= 0x20 && $0.value < 0x7F)
                || $0.value >= 0xA0 && $0.value != 0x2028 && $0.value != 0x2029 && $0.value != 0xFEFF
        }
    }

    private static func block(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        let body = text.hasSuffix("\n") ? String(text.dropLast()) : text
        let keep = text.hasSuffix("\n") ? (body.hasSuffix("\n") ? "+" : "") : "-"
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
        return "|\(keep)\n" + lines.map { $0.isEmpty ? "" : margin + $0 }.joined(separator: "\n")
    }

    private static func quotedIfNeeded(_ text: String) -> String {
        isPlain(text) ? text : JSON.string(text).text
    }

    /// Conservative: letters that begin nothing else, and none of the words that some reader takes for another type.
    private static func isPlain(_ text: String) -> Bool {
        let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        guard let first = text.unicodeScalars.first, !words.contains(text.lowercased()) else { return false }
        guard ("a"..."z").contains(first) || ("A"..."Z").contains(first) || first == "/" || first == "_" else {
            return isPlainFigure(text)
        }
        guard !text.hasSuffix(" "), !text.hasSuffix(":"), !text.contains(": "), !text.contains(" #") else {
            return false
        }
        return text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F }
    }

    /// Quantities such as `512Mi` need no quotes: digits with a letter that makes them no number.
    private static func isPlainFigure(_ text: String) -> Bool {
        let suffixes = ["m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "s", "h", "%"]
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return !digits.isEmpty && suffixes.contains(String(text.dropFirst(digits.count)))
    }
}
