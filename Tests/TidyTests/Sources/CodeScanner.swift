/// Blanks the comments and strings of a Swift source, so that rules look at code alone.
///
/// Every line stays where it is. The code inside interpolations stays; names in backticks become underscores.
struct CodeScanner {
    private let bytes: [UInt8]
    private var output: [UInt8] = []
    private var position = 0

    private init(_ text: String) {
        bytes = Array(text.utf8)
        output.reserveCapacity(bytes.count)
    }

    static func code(of text: String) -> String {
        var scanner = CodeScanner(text)
        while scanner.position < scanner.bytes.count {
            scanner.code()
            // A closing parenthesis too many ends `code`; the file goes on.
            if scanner.position < scanner.bytes.count { scanner.keep() }
        }
        return String(decoding: scanner.output, as: UTF8.self)
    }

    /// Copies code up to the parenthesis that closes what was open before, or to the end.
    private mutating func code() {
        var depth = 0
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"): blankLine()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): blockComment()
            case UInt8(ascii: "\""): string(hashes: 0)
            case UInt8(ascii: "`"): quotedName()
            case UInt8(ascii: "#"):
                let hashes = count(of: UInt8(ascii: "#"))
                if peek(hashes) == UInt8(ascii: "\"") { string(hashes: hashes) } else { keep(hashes) }
            case UInt8(ascii: "("):
                depth += 1
                keep()
            case UInt8(ascii: ")"):
                if depth == 0 { return }
                depth -= 1
                keep()
            default: keep()
            }
        }
    }

    private mutating func blankLine() {
        while let byte = peek(), byte != UInt8(ascii: "\n") { blank() }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if peek() == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                blank(2)
            } else if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && peek() != nil
    }

    private mutating func quotedName() {
        keep()
        while let byte = peek(), byte != UInt8(ascii: "`"), byte != UInt8(ascii: "\n") {
            output.append(UInt8(ascii: "_"))
            position += 1
        }
        if peek() == UInt8(ascii: "`") { keep() }
    }

    /// A literal whose first quote stands after `hashes` number signs at the position.
    private mutating func string(hashes: Int) {
        keep(hashes)
        let quotes = count(of: UInt8(ascii: "\"")) >= 3 ? 3 : 1
        keep(quotes)
        while let byte = peek() {
            if byte == UInt8(ascii: "\\"), count(of: UInt8(ascii: "#"), from: 1) >= hashes {
                blank(1 + hashes)
                if peek() == UInt8(ascii: "(") {
                    keep()
                    code()
                    keep()
                } else {
                    blank()
                }
            } else if count(of: UInt8(ascii: "\"")) >= quotes,
                count(of: UInt8(ascii: "#"), from: quotes) >= hashes
            {
                return keep(quotes + hashes)
            } else if byte == UInt8(ascii: "\n"), quotes == 1 {
                return
            } else {
                blank()
            }
        }
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    /// How often `byte` comes in a row, from `offset` on.
    private func count(of byte: UInt8, from offset: Int = 0) -> Int {
        var length = 0
        while peek(offset + length) == byte { length += 1 }
        return length
    }

    private mutating func keep(_ length: Int = 1) {
        let end = min(position + length, bytes.count)
        output += bytes[position..<end]
        position = end
    }

    private mutating func blank(_ length: Int = 1) {
        let end = min(position + length, bytes.count)
        for byte in bytes[position..<end] { output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " ")) }
        position = end
    }
}
