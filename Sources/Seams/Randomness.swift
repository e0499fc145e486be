/// Gives random bits. The shipped one asks the kernel; tests give a seed.
package protocol Randomness: Sendable {
    func next() -> UInt64
}

/// A seeded generator (SplitMix64, Steele, Lea and Flood 2014), as a value: equal seeds give equal sequences.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Spells 128 random bits as a version 4 UUID (RFC 9562).
package func uuidText(high: UInt64, low: UInt64) -> String {
    let h = (high & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
    let l = (low & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
    let digits = hexadecimal(h, width: 16) + hexadecimal(l, width: 16)
    var text = ""
    for (offset, digit) in digits.enumerated() {
        if offset == 8 || offset == 12 || offset == 16 || offset == 20 { text.append("-") }
        text.append(digit)
    }
    return text
}

/// `value` in lower-case hexadecimal, padded with zeros to `width` digits.
package func hexadecimal(_ value: UInt64, width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

extension Randomness {
    /// A new version 4 UUID.
    package func uuid() -> String {
        uuidText(high: next(), low: next())
    }
}
