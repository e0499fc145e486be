/// A point on one machine's boot clock (CLOCK_BOOTTIME): nanoseconds since that machine booted, sleep included.
///
/// Instants of two machines, or of two boots, have nothing to do with each other.
package struct Instant: Hashable, Comparable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Saturates: a duration that a user asked for may be as long as there is time.
    package static func + (a: Instant, b: Duration) -> Instant {
        let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.wholeNanoseconds)
        return Instant(nanoseconds: overflow ? (b < .zero ? .min : .max) : sum)
    }

    /// Saturates, as `+` does.
    package static func - (a: Instant, b: Duration) -> Instant {
        let (difference, overflow) = a.nanoseconds.subtractingReportingOverflow(b.wholeNanoseconds)
        return Instant(nanoseconds: overflow ? (b < .zero ? .max : .min) : difference)
    }

    /// The time that passed from `earlier` to this instant; negative when `earlier` is later.
    package func since(_ earlier: Instant) -> Duration {
        .nanoseconds(nanoseconds - earlier.nanoseconds)
    }
}

/// A point on the wall clock, for people and for certificates; no rule of Tidemill is decided by it.
package struct WallTime: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package var nanosecondsSince1970: Int64

    package init(nanosecondsSince1970: Int64) {
        self.nanosecondsSince1970 = nanosecondsSince1970
    }

    package static func < (a: WallTime, b: WallTime) -> Bool { a.nanosecondsSince1970 < b.nanosecondsSince1970 }
}

extension Duration {
    /// The duration in nanoseconds, rounded towards zero; saturates at the limits of Int64 (292 years).
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carry ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in seconds, as a Double for people and figures.
    package var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}
