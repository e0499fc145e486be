import TidemillSeams

/// A point in time as the API writes it, in whole seconds: `2026-11-21T03:35:29Z`. Fractions are cut off.
package struct Timestamp: Hashable, Sendable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let seconds: Int64

    package init(seconds: Int64) {
        self.seconds = seconds
    }

    package init(_ time: WallTime) {
        seconds = CivilTime(time).seconds
    }

    /// Reads RFC 3339, with any fraction and any offset. Nil on anything else.
    package init?(parsing text: String) {
        guard let time = CivilTime(parsing: text) else { return nil }
        seconds = time.seconds
    }

    package var text: String { CivilTime(seconds: seconds, nanosecond: 0).text(fractionDigits: 0) }
    package var wallTime: WallTime { CivilTime(seconds: seconds, nanosecond: 0).wallTime }

    /// The time that passed from `earlier` to this point; negative when `earlier` is later.
    package func since(_ earlier: Timestamp) -> Duration { .seconds(seconds - earlier.seconds) }
}

extension Timestamp: Comparable, CustomStringConvertible {
    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.seconds < b.seconds }
    package var description: String { text }
}

/// A point in time with microseconds, as Events and Leases write it: `2026-11-21T03:35:29.123456Z`.
package struct MicroTime: Hashable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(_ time: WallTime) {
        let civil = CivilTime(time)
        microseconds = civil.seconds * 1_000_000 + civil.nanosecond / 1000
    }

    /// Reads RFC 3339, with any fraction and any offset. Nil on anything else.
    package init?(parsing text: String) {
        guard let time = CivilTime(parsing: text) else { return nil }
        microseconds = time.seconds * 1_000_000 + time.nanosecond / 1000
    }

    private var civil: CivilTime {
        let seconds = microseconds >= 0 ? microseconds / 1_000_000 : (microseconds - 999_999) / 1_000_000
        return CivilTime(seconds: seconds, nanosecond: (microseconds - seconds * 1_000_000) * 1000)
    }

    package var text: String { civil.text(fractionDigits: 6) }
    package var wallTime: WallTime { civil.wallTime }
    package var timestamp: Timestamp { Timestamp(seconds: civil.seconds) }
}

extension MicroTime: Comparable, CustomStringConvertible {
    package static func < (a: MicroTime, b: MicroTime) -> Bool { a.microseconds < b.microseconds }
    package var description: String { text }
}
