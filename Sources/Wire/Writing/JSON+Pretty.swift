extension JSON {
    /// The document indented by four spaces a level and ended by a newline, as kubectl prints it.
    package var prettyText: String {
        var bytes: [UInt8] = []
        writePretty(into: &bytes, level: 0)
        bytes.append(UInt8(ascii: "\n"))
        return String(decoding: bytes, as: UTF8.self)
    }

    private func writePretty(into bytes: inout [UInt8], level: Int) {
        switch self {
        case .array(let items) where !items.isEmpty:
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                Self.startLine(isFirst: index == 0, level: level + 1, into: &bytes)
                item.writePretty(into: &bytes, level: level + 1)
            }
            Self.startLine(isFirst: true, level: level, into: &bytes)
            bytes.append(UInt8(ascii: "]"))
        case .object(let object) where !object.isEmpty:
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                Self.startLine(isFirst: index == 0, level: level + 1, into: &bytes)
                JSONText.append(quoted: member.key, to: &bytes)
                JSONText.append(": ", to: &bytes)
                member.value.writePretty(into: &bytes, level: level + 1)
            }
            Self.startLine(isFirst: true, level: level, into: &bytes)
            bytes.append(UInt8(ascii: "}"))
        default:
            write(into: &bytes)
        }
    }

    private static func startLine(isFirst: Bool, level: Int, into bytes: inout [UInt8]) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 4 * level))
    }
}
