import TidemillModel

/// Metered card-seconds as text with three decimals, summed exactly.
package enum CardSeconds {
    /// `12.5` is 12500; nil for anything that is no such number.
    package static func thousandths(of text: String) -> Int64? {
        guard let value = try? Quantity(parsing: text) else { return nil }  // No number: the sum leaves it out.
        return value.milliValue
    }

    package static func text(thousandths: Int64) -> String {
        let rest = String(thousandths % 1000)
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}
