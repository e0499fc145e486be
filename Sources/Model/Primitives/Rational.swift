/// An exact fraction in lowest terms: card units, shares of a device, quantities.
///
/// 1. The denominator is positive and shares no factor with the numerator, so equal values are equal bit by bit.
/// 2. Arithmetic runs in 128 bits. A result that does not fit 64 bits is rounded to one that does, never trapped on.
package struct Rational: Hashable, Sendable {
    package let numerator: Int64
    package let denominator: Int64

    package static let zero = Rational(0)
    package static let one = Rational(1)

    package init(_ whole: Int64) {
        numerator = whole
        denominator = 1
    }

    /// `numerator / denominator`; nil when the denominator is zero or the reduced fraction does not fit 64 bits.
    package init?(_ numerator: Int64, _ denominator: Int64) {
        self.init(exactly: Int128(numerator), Int128(denominator))
    }

    /// The fraction in lowest terms; nil when the denominator is zero or the result does not fit 64 bits.
    init?(exactly numerator: Int128, _ denominator: Int128) {
        guard denominator != 0, numerator != .min, denominator != .min else { return nil }
        let divisor = greatestCommonDivisor(numerator, denominator) * (denominator < 0 ? -1 : 1)
        guard let top = Int64(exactly: numerator / divisor), let bottom = Int64(exactly: denominator / divisor) else {
            return nil
        }
        self.numerator = top
        self.denominator = bottom
    }

    /// The nearest fraction whose parts fit 64 bits. `denominator` must be positive.
    private init(rounding numerator: Int128, _ denominator: Int128) {
        var (top, bottom) = (numerator, max(1, denominator))
        let divisor = greatestCommonDivisor(top, bottom)
        (top, bottom) = (top / divisor, bottom / divisor)
        while bottom > Int128(Int64.max) || (bottom > 1 && Int64(exactly: top) == nil) {
            (top, bottom) = (top / 2, max(1, bottom / 2))
        }
        let clamped = Int64(clamping: top)
        self = Rational(exactly: Int128(clamped), bottom) ?? Rational(clamped)
    }

    /// Reads what `description` writes: `1/8`, `1`, `-3/2`. Nil on anything else.
    package init?(parsing text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let top = parts.first.flatMap({ Int64($0) }) else { return nil }
        guard parts.count == 2 else {
            self.init(top)
            return
        }
        guard let bottom = Int64(parts[1]), bottom > 0 else { return nil }
        self.init(top, bottom)
    }

    package static func + (a: Rational, b: Rational) -> Rational {
        Rational(
            rounding: Int128(a.numerator) * Int128(b.denominator) + Int128(b.numerator) * Int128(a.denominator),
            Int128(a.denominator) * Int128(b.denominator))
    }

    package static func - (a: Rational, b: Rational) -> Rational {
        Rational(
            rounding: Int128(a.numerator) * Int128(b.denominator) - Int128(b.numerator) * Int128(a.denominator),
            Int128(a.denominator) * Int128(b.denominator))
    }

    package static func * (a: Rational, b: Rational) -> Rational {
        Rational(
            rounding: Int128(a.numerator) * Int128(b.numerator), Int128(a.denominator) * Int128(b.denominator))
    }

    /// The value in decimals, rounded half away from zero: `decimalText(places: 3)` of 1/8 is `0.125`. At most 9 places.
    package func decimalText(places: Int) -> String {
        let digits = min(max(0, places), 9)
        let scale = (0..<digits).reduce(Int128(1)) { power, _ in power * 10 }
        let magnitude = Int128(numerator.magnitude) * scale
        let rounded = (magnitude * 2 + Int128(denominator)) / (Int128(denominator) * 2)
        let sign = numerator < 0 && rounded > 0 ? "-" : ""
        guard digits > 0 else { return sign + String(rounded) }
        let fraction = String(rounded % scale)
        return sign + String(rounded / scale) + "." + String(repeating: "0", count: digits - fraction.utf8.count)
            + fraction
    }
}

extension Rational: Comparable {
    package static func < (a: Rational, b: Rational) -> Bool {
        Int128(a.numerator) * Int128(b.denominator) < Int128(b.numerator) * Int128(a.denominator)
    }
}

extension Rational: CustomStringConvertible {
    /// `1/8`, or `1` when it is whole.
    package var description: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }
}

/// Euclid's algorithm; at least 1, also when both are zero.
private func greatestCommonDivisor(_ a: Int128, _ b: Int128) -> Int128 {
    var (x, y) = (abs(a), abs(b))
    while y != 0 { (x, y) = (y, x % y) }
    return max(1, x)
}
