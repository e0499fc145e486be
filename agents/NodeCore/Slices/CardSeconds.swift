import TidemillModel

/// Meters a slice: card units times the time for which it was active (invariant 6).
package enum CardSeconds {
    /// `units` times `nanoseconds`, in seconds with three decimals, rounded half up. A negative time counts as none.
    ///
    /// Exact as long as the product fits 128 bits: units are rationals of 64 bits and times are below 292 years.
    package static func text(units: Rational, nanoseconds: Int64) -> String {
        let scale = Int128(units.denominator) * 1_000_000
        let product = Int128(units.numerator) * Int128(max(0, nanoseconds))
        let thousandths = (product + scale / 2) / scale
        let decimals = String(Int64(clamping: thousandths % 1000))
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - decimals.utf8.count) + decimals
    }
}
