/// An amount as people write it: `250m`, `16Gi`, `1.5`, `1e3`, `50%`. The text is kept, the value is exact.
///
/// Two quantities are equal when their values are: `1Gi` equals `1024Mi`, and `50%` equals `0.5`.
package struct Quantity: Sendable {
    /// As it was written.
    package let text: String
    /// The exact value; a percentage is its hundredth part.
    package let fraction: Rational

    /// Reads a decimal number with at most one suffix: `n u m`, `k M G T P E`, `Ki Mi Gi Ti Pi Ei`, an exponent, or `%`.
    package init(parsing text: String) throws(QuantityError) {
        fraction = try QuantityParser(text).value()
        self.text = text
    }

    /// CPUs in thousandths: `250m`, or `4` for whole cores.
    package init(milliCPU: Int64) {
        let whole = milliCPU % 1000 == 0
        text = whole ? "\(milliCPU / 1000)" : "\(milliCPU)m"
        fraction = Rational(milliCPU, 1000) ?? Rational(milliCPU / 1000)
    }

    /// Bytes in the shortest exact binary form: `512Mi`, `3Ki`, `1000`.
    package init(bytes: Int64) {
        let units: [(String, Int)] = [("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)]
        let unit = bytes == 0 ? nil : units.first { bytes.trailingZeroBitCount >= $0.1 }
        text = unit.map { "\(bytes >> $0.1)\($0.0)" } ?? "\(bytes)"
        fraction = Rational(bytes)
    }

    /// A number in the shortest exact decimal form: `312T`, `19500G`, `7`.
    package init(decimal: Int64) {
        let units: [(String, Int64)] = [
            ("E", 1_000_000_000_000_000_000), ("P", 1_000_000_000_000_000), ("T", 1_000_000_000_000),
            ("G", 1_000_000_000), ("M", 1_000_000), ("k", 1000),
        ]
        let unit = decimal == 0 ? nil : units.first { decimal % $0.1 == 0 }
        text = unit.map { "\(decimal / $0.1)\($0.0)" } ?? "\(decimal)"
        fraction = Rational(decimal)
    }

    /// A fraction as text: whole percents as `50%`, anything else as thousandths or as it divides.
    package init(percent: Int64) {
        text = "\(percent)%"
        fraction = Rational(percent, 100) ?? .zero
    }

    package var numerator: Int64 { fraction.numerator }
    package var denominator: Int64 { fraction.denominator }

    /// The value in thousandths when it is a whole number of them, such as 250 for `250m`.
    package var milliValue: Int64? {
        let (product, remainder) = (Int128(numerator) * 1000).quotientAndRemainder(dividingBy: Int128(denominator))
        return remainder == 0 ? Int64(exactly: product) : nil
    }

    /// The value when it is whole, such as a number of bytes.
    package var wholeValue: Int64? { denominator == 1 ? numerator : nil }

    package var isPercentage: Bool { text.utf8.last == UInt8(ascii: "%") }
}

extension Quantity: Hashable, Comparable {
    package static func == (a: Quantity, b: Quantity) -> Bool { a.fraction == b.fraction }
    package static func < (a: Quantity, b: Quantity) -> Bool { a.fraction < b.fraction }
    package func hash(into hasher: inout Hasher) { hasher.combine(fraction) }
}

extension Quantity: CustomStringConvertible {
    package var description: String { text }
}

/// Why a text is no quantity.
package enum QuantityError: Error, Hashable, Sendable {
    case malformed
    /// Well formed, but beyond exact 64-bit arithmetic.
    case outOfRange

    /// What the text must be, for an error message.
    package var message: String {
        switch self {
        case .malformed:
            "must be a number with at most one suffix, such as 250m, 1.5, 16Gi, 2G or 50%"
        case .outOfRange:
            "is beyond what can be counted exactly (64 bits)"
        }
    }
}
