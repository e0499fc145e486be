/// Metered card-seconds: card units times the time for which a slice was active, as text with three decimals (invariant 6).
package enum CardSeconds {
    /// `units` times `nanoseconds`, in seconds, rounded half up. A negative time counts as none.
    ///
    /// Exact as long as the product fits 128 bits: units are rationals of 64 bits and times are below 292 years.
    package static func text(units: Rational, nanoseconds: Int64) -> String {
        let scale = Int128(units.denominator) * 1_000_000
        let product = Int128(units.numerator) * Int128(max(0, nanoseconds))
        return text(thousandths: Int64(clamping: (product + scale / 2) / scale))
    }

    /// 12500 is `12.500`.
    package static func text(thousandths: Int64) -> String {
        let rest = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }

    /// `12.5` is 12500, for exact sums; nil for anything that is no such number.
    package static func thousandths(of text: String) -> Int64? {
        guard let value = try? Quantity(parsing: text) else { return nil }  // No number: the sum leaves it out.
        return value.milliValue
    }
}

extension Kinds.Grant {
    /// Card units of all shares. What cannot be read counts as zero: it was fixed by the controller, and nothing is
    /// enforced by it.
    package var cardUnits: Rational {
        shares.reduce(.zero) { $0 + (Rational(parsing: $1.cardUnits) ?? .zero) }
    }
}
