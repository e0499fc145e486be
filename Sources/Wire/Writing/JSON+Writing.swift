extension JSON {
    /// The document without white space, in UTF-8, members in their order.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2048)
        write(into: &bytes)
        return bytes
    }

    /// The document without white space.
    package var text: String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the document, without white space.
    package func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: JSONText.append("null", to: &bytes)
        case .bool(true): JSONText.append("true", to: &bytes)
        case .bool(false): JSONText.append("false", to: &bytes)
        case .integer(let number): JSONText.append(number, to: &bytes)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): JSONText.append(quoted: text, to: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            for item in items {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                item.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            for member in object.members {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                JSONText.append(quoted: member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
