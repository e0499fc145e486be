/// Reads one quantity's text, byte by byte.
struct QuantityParser {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Longest text worth reading; 64-bit amounts need far less.
    private static let longest = 64
    /// Largest magnitude kept while reading: the largest suffix or exponent more still fits 128 bits.
    private static let largest = Int128(Int64.max)

    func value() throws(QuantityError) -> Rational {
        var parser = self
        return try parser.read()
    }

    private mutating func read() throws(QuantityError) -> Rational {
        guard !bytes.isEmpty, bytes.count <= Self.longest else { throw .malformed }
        let negative = accept("-")
        if !negative { _ = accept("+") }
        var (top, bottom) = try decimal()
        let scale = try suffix()
        (top, bottom) = (top * scale.top, bottom * scale.bottom)
        guard let value = Rational(exactly: negative ? -top : top, bottom) else { throw .outOfRange }
        return value
    }

    /// Digits with an optional fraction, as an integer over a power of ten.
    private mutating func decimal() throws(QuantityError) -> (top: Int128, bottom: Int128) {
        var (top, bottom) = (Int128(0), Int128(1))
        var (digits, fraction, pendingZeros) = (0, false, 0)
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "."), !fraction {
                fraction = true
            } else if let digit = Self.digit(byte) {
                digits += 1
                if fraction, digit == 0 {
                    pendingZeros += 1  // Trailing zeros of a fraction add nothing; keep them out of the arithmetic.
                } else {
                    let shift = fraction ? pendingZeros + 1 : 1
                    for _ in 0..<shift {
                        top *= 10
                        if fraction { bottom *= 10 }
                        guard top <= Self.largest, bottom <= Self.largest else { throw .outOfRange }
                    }
                    top += digit
                    pendingZeros = 0
                }
            } else {
                break
            }
            index += 1
        }
        guard digits > 0 else { throw .malformed }
        return (top, bottom)
    }

    /// What follows the digits, as a factor. Reads to the end of the text.
    private mutating func suffix() throws(QuantityError) -> (top: Int128, bottom: Int128) {
        guard index < bytes.count else { return (1, 1) }
        if let factor = Self.suffixes[String(decoding: bytes[index...], as: UTF8.self)] { return factor }
        guard accept("e") || accept("E") else { throw .malformed }
        return try exponent()
    }

    private mutating func exponent() throws(QuantityError) -> (top: Int128, bottom: Int128) {
        let negative = accept("-")
        if !negative { _ = accept("+") }
        guard index < bytes.count else { throw .malformed }
        var power = 0
        while index < bytes.count {
            guard let digit = Self.digit(bytes[index]) else { throw .malformed }
            power = min(1000, power * 10 + Int(digit))
            index += 1
        }
        guard power <= 18 else { throw .outOfRange }
        let factor = (0..<power).reduce(Int128(1)) { product, _ in product * 10 }
        return negative ? (1, factor) : (factor, 1)
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private static func digit(_ byte: UInt8) -> Int128? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int128(byte - UInt8(ascii: "0")) : nil
    }

    private static let suffixes: [String: (top: Int128, bottom: Int128)] = [
        "n": (1, 1_000_000_000), "u": (1, 1_000_000), "m": (1, 1000), "%": (1, 100),
        "k": (1000, 1), "M": (1_000_000, 1), "G": (1_000_000_000, 1), "T": (1_000_000_000_000, 1),
        "P": (1_000_000_000_000_000, 1), "E": (1_000_000_000_000_000_000, 1),
        "Ki": (1 << 10, 1), "Mi": (1 << 20, 1), "Gi": (1 << 30, 1), "Ti": (1 << 40, 1), "Pi": (1 << 50, 1),
        "Ei": (1 << 60, 1),
    ]
}
