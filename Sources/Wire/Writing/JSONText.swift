/// Spells the atoms of JSON, for the tree's writer and for those who join encoded pieces by hand.
package enum JSONText {
    /// Appends `text` in quotes. Only what RFC 8259 demands is escaped: quotes, backslashes and control characters.
    package static func append(quoted text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        let done: Void? = text.utf8.withContiguousStorageIfAvailable { append(escaped: $0, to: &bytes) }
        if done == nil { Array(text.utf8).withUnsafeBufferPointer { append(escaped: $0, to: &bytes) } }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends `number` in decimal.
    package static func append(_ number: Int64, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = number.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    static func append(_ word: StaticString, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    private static func append(escaped span: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        var pending = 0
        for index in span.indices {
            let byte = span[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: span[pending..<index]))
            append(escape: byte, to: &bytes)
            pending = index + 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: span[pending...]))
    }

    private static func append(escape byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0..<0x20:
            append(byte < 0x10 ? "u000" : "u001", to: &bytes)
            let digit = byte & 0x0F
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        default: bytes.append(byte)
        }
    }
}
