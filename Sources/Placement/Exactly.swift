import TidemillModel

extension Rational {
    /// `self × whole`, rounded up and held within Int64: a share never gets less than it asked for.
    func ceiling(of whole: Int64) -> Int64 {
        let product = Int128(numerator) * Int128(whole)
        let divisor = Int128(denominator)
        let (quotient, remainder) = product.quotientAndRemainder(dividingBy: divisor)
        let rounded = remainder > 0 ? quotient + 1 : quotient
        return Int64(clamping: rounded)
    }

    /// `self × whole`, rounded down: what a device has is never overstated.
    func floor(of whole: Int64) -> Int64 {
        Int64(clamping: Int128(numerator) * Int128(whole) / Int128(denominator))
    }

    /// Whole millionths, for preferences; a fraction of large parts costs a long division.
    var millionths: Int64 {
        let (product, overflows) = numerator.multipliedReportingOverflow(by: 1_000_000)
        return overflows ? floor(of: 1_000_000) : product / denominator
    }

    /// `part / whole`; a whole of nothing counts as one, so that an empty device never divides by zero.
    static func part(_ part: Int64, of whole: Int64) -> Rational {
        Rational(part, Swift.max(1, whole)) ?? .one
    }
}

extension Quantity {
    /// Thousandths, rounded up.
    package var ceilingOfMilli: Int64 { fraction.ceiling(of: 1000) }

    /// Whole units, rounded up.
    package var ceiling: Int64 { fraction.ceiling(of: 1) }
}
