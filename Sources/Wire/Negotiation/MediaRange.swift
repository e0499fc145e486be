/// One entry of an Accept header, or a Content-Type: `application/json;as=Table;v=v1;g=meta.k8s.io`.
package struct MediaRange: Hashable, Sendable {
    /// Lower case, such as `application`, or `*`.
    package var type: String
    /// Lower case, such as `json`, or `*`.
    package var subtype: String
    /// Names in lower case, values as written, without `q`.
    package var parameters: [String: String]
    /// How much the client wants it, in thousandths; 0 refuses.
    package var quality: Int

    /// Nil when `text` is no media range.
    package init?(parsing text: String) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { Self.trimmed($0) }
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false).map { $0.lowercased() }
        guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
        type = names[0]
        subtype = names[1]
        parameters = [:]
        quality = 1000
        for part in parts.dropFirst() where !part.isEmpty {
            guard let sign = part.firstIndex(of: "=") else { return nil }
            let name = Self.trimmed(part[..<sign]).lowercased()
            var value = Self.trimmed(part[part.index(after: sign)...])
            if value.count >= 2, value.first == "\"", value.last == "\"" {
                value = String(value.dropFirst().dropLast())
            }
            if name == "q" {
                guard let quality = Double(value), (0...1).contains(quality) else { return nil }
                self.quality = Int(quality * 1000)
            } else {
                parameters[name] = value
            }
        }
    }

    /// True when it covers the media type `type/subtype`; parameters are not looked at.
    package func covers(_ type: String, _ subtype: String) -> Bool {
        (self.type == "*" || self.type == type) && (self.subtype == "*" || self.subtype == subtype)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        let start = text.firstIndex { !isSpace($0) } ?? text.endIndex
        let end = text.lastIndex { !isSpace($0) }.map(text.index(after:)) ?? text.endIndex
        return start < end ? String(text[start..<end]) : ""
    }
}
