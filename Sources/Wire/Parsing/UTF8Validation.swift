/// Finds where bytes stop being UTF-8, for error messages. Whether they are valid, the standard library decides.
enum UTF8Validation {
    /// Offset of the first byte that starts no well-formed sequence (Unicode 15, table 3-7); the count when all is valid.
    static func firstInvalid(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var index = 0
        while index < bytes.count {
            guard let length = length(of: bytes, at: index) else { return index }
            index += length
        }
        return index
    }

    /// Length of the well-formed sequence at `index`: shortest form only, no surrogates, nothing above U+10FFFF.
    private static func length(of bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int? {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch bytes[index] {
        case 0..<0x80: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard index + length <= bytes.count, second.contains(bytes[index + 1]) else { return nil }
        for offset in 2..<max(2, length) where !(0x80...0xBF).contains(bytes[index + offset]) { return nil }
        return length
    }
}
