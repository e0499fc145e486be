/// A place in a document (RFC 6901): the member names and array indices that lead there.
package struct JSONPointer: Hashable, Sendable {
    /// As it was written.
    package let text: String
    /// Unescaped, outermost first; none means the whole document.
    package let tokens: [String]

    /// Nil unless `text` is empty, or starts with "/" and has "~" only as "~0" and "~1".
    package init?(_ text: String) {
        // By bytes, not characters: an accent that follows a slash is one character with it.
        guard let first = text.utf8.first else {
            self.text = text
            tokens = []
            return
        }
        guard first == UInt8(ascii: "/") else { return nil }
        var tokens: [String] = []
        for token in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let name = Self.unescape(token) else { return nil }
            tokens.append(name)
        }
        self.text = text
        self.tokens = tokens
    }

    /// True when `other` is a place inside of this one.
    package func encloses(_ other: JSONPointer) -> Bool {
        tokens.count < other.tokens.count && other.tokens.starts(with: tokens)
    }

    private static func unescape(_ token: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var isEscape = false
        for byte in token {
            if isEscape {
                switch byte {
                case UInt8(ascii: "0"): bytes.append(UInt8(ascii: "~"))
                case UInt8(ascii: "1"): bytes.append(UInt8(ascii: "/"))
                default: return nil
                }
                isEscape = false
            } else if byte == UInt8(ascii: "~") {
                isEscape = true
            } else {
                bytes.append(byte)
            }
        }
        return isEscape ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// The array index that a token spells: decimal digits without leading zeros.
    static func index(_ token: String) -> Int? {
        let digits = token.utf8
        guard let first = digits.first, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return first == UInt8(ascii: "0") && digits.count > 1 ? nil : Int(token)
    }
}
