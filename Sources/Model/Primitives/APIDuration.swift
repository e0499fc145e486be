import TidemillSeams

/// A duration as the API writes it: `60s`, `1m30s`, `1.5s`, `24h`, `300ms`. The text is kept, the value is exact.
///
/// Two are equal when they last equally long, however written.
package struct APIDuration: Sendable {
    package let duration: Duration
    package let text: String

    /// Reads a sequence of decimal numbers with units (`h m s ms us ns`), or a bare `0`.
    package init(parsing text: String) throws(DurationError) {
        duration = .nanoseconds(try Self.nanoseconds(Array(text.utf8)))
        self.text = text
    }

    /// The shortest text of whole units: `1m30s`, `24h`, `1.5s`, `300ms`.
    package init(_ duration: Duration) {
        self.duration = duration
        text = Self.spell(duration.wholeNanoseconds)
    }

    private static let units: [(name: String, nanoseconds: Int128)] = [
        ("h", 3_600_000_000_000), ("ms", 1_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("us", 1000), ("µs", 1000), ("ns", 1),
    ]

    private static func nanoseconds(_ bytes: [UInt8]) throws(DurationError) -> Int64 {
        guard !bytes.isEmpty, bytes.count <= 64 else { throw .malformed }
        var rest = bytes[...]
        let negative = rest.first == UInt8(ascii: "-")
        if negative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        if rest.elementsEqual([UInt8(ascii: "0")]) { return 0 }
        guard !rest.isEmpty else { throw .malformed }
        var total = Int128(0)
        while !rest.isEmpty {
            total += try part(&rest)
            guard total <= Int128(Int64.max) else { throw .outOfRange }
        }
        return Int64(clamping: negative ? -total : total)
    }

    /// One number with its unit, taken off the front.
    private static func part(_ rest: inout ArraySlice<UInt8>) throws(DurationError) -> Int128 {
        var (value, scale) = (Int128(0), Int128(1))
        var (digits, fraction) = (0, false)
        while let byte = rest.first {
            if byte == UInt8(ascii: "."), !fraction {
                fraction = true
            } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                digits += 1
                // Below a nanosecond nothing counts.
                if !fraction || scale < 1_000_000_000_000_000 {
                    value = value * 10 + Int128(byte - UInt8(ascii: "0"))
                    if fraction { scale *= 10 }
                }
                guard value < 1 << 80 else { throw .outOfRange }
            } else {
                break
            }
            rest.removeFirst()
        }
        guard digits > 0 else { throw .malformed }
        guard let unit = units.first(where: { rest.starts(with: $0.name.utf8) }) else { throw .malformed }
        rest.removeFirst(unit.name.utf8.count)
        let (product, overflow) = value.multipliedReportingOverflow(by: unit.nanoseconds)
        guard !overflow else { throw .outOfRange }
        return product / scale
    }

    private static func spell(_ nanoseconds: Int64) -> String {
        if nanoseconds == 0 { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let magnitude = nanoseconds.magnitude
        if magnitude < 1_000_000_000 {
            let unit: (String, UInt64) =
                magnitude >= 1_000_000 ? ("ms", 1_000_000) : magnitude >= 1000 ? ("us", 1000) : ("ns", 1)
            return sign + decimal(magnitude, over: unit.1) + unit.0
        }
        let hours = magnitude / 3_600_000_000_000
        let minutes = magnitude / 60_000_000_000 % 60
        let seconds = magnitude % 60_000_000_000
        return sign + (hours > 0 ? "\(hours)h" : "") + (minutes > 0 ? "\(minutes)m" : "")
            + (seconds > 0 ? decimal(seconds, over: 1_000_000_000) + "s" : "")
    }

    /// `value / unit` in decimals without trailing zeros; `unit` is a power of ten.
    private static func decimal(_ value: UInt64, over unit: UInt64) -> String {
        guard value % unit != 0 else { return "\(value / unit)" }
        var digits = Array(String(unit + value % unit).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(value / unit)." + String(digits)
    }
}

extension APIDuration: Hashable, Comparable {
    package static func == (a: APIDuration, b: APIDuration) -> Bool { a.duration == b.duration }
    package static func < (a: APIDuration, b: APIDuration) -> Bool { a.duration < b.duration }
    package func hash(into hasher: inout Hasher) { hasher.combine(duration) }
}

extension APIDuration: CustomStringConvertible {
    package var description: String { text }
}

/// Why a text is no duration.
package enum DurationError: Error, Hashable, Sendable {
    case malformed
    /// Longer than 292 years.
    case outOfRange

    /// What the text must be, for an error message.
    package var message: String {
        switch self {
        case .malformed: "must be a duration such as 300ms, 1.5s, 60s, 1m30s or 24h"
        case .outOfRange: "is longer than 292 years"
        }
    }
}
