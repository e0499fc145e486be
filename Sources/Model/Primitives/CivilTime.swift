import TidemillSeams

/// A date and time of day in UTC, taken apart; the arithmetic behind `Timestamp` and `MicroTime`.
///
/// Days are counted in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
struct CivilTime: Equatable {
    /// Seconds since 1970-01-01T00:00:00Z.
    var seconds: Int64
    /// 0 to 999,999,999.
    var nanosecond: Int64

    init(seconds: Int64, nanosecond: Int64) {
        self.seconds = seconds
        self.nanosecond = nanosecond
    }

    init(_ time: WallTime) {
        let (quotient, remainder) = time.nanosecondsSince1970.quotientAndRemainder(dividingBy: 1_000_000_000)
        seconds = remainder < 0 ? quotient - 1 : quotient
        nanosecond = remainder < 0 ? remainder + 1_000_000_000 : remainder
    }

    /// The same point as a wall time; saturates beyond the years 1677 to 2262.
    var wallTime: WallTime {
        let total = Int128(seconds) * 1_000_000_000 + Int128(nanosecond)
        return WallTime(nanosecondsSince1970: Int64(clamping: total))
    }

    /// Reads RFC 3339: `2026-11-21T03:35:29Z`, with a fraction of up to nine digits, and `Z` or an offset.
    init?(parsing text: String) {
        var reader = Reader(bytes: Array(text.utf8))
        guard let year = reader.number(4), reader.accept("-"), let month = reader.number(2), reader.accept("-"),
            let day = reader.number(2), reader.accept("T") || reader.accept("t"),
            let hour = reader.number(2), reader.accept(":"), let minute = reader.number(2), reader.accept(":"),
            let second = reader.number(2)
        else { return nil }
        guard (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year), hour < 24, minute < 60,
            second < 60
        else { return nil }
        var nanosecond: Int64 = 0
        if reader.accept(".") {
            guard let fraction = reader.fraction() else { return nil }
            nanosecond = fraction
        }
        guard let offset = reader.offset(), reader.isAtEnd else { return nil }
        seconds = Self.daysSince1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
        self.nanosecond = nanosecond
    }

    /// `2026-11-21T03:35:29` with `digits` digits of fraction, and `Z`.
    func text(fractionDigits digits: Int) -> String {
        let day = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        let second = seconds - day * 86400
        let date = Self.date(daysSince1970: day)
        var text = Self.pad(date.year, 4) + "-" + Self.pad(date.month, 2) + "-" + Self.pad(date.day, 2) + "T"
        text += Self.pad(second / 3600, 2) + ":" + Self.pad(second / 60 % 60, 2) + ":" + Self.pad(second % 60, 2)
        if digits > 0 { text += "." + Self.pad(nanosecond, 9).prefix(digits) }
        return text + "Z"
    }

    private static func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// Takes the parts of an RFC 3339 text off the front.
    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == bytes.count }

        mutating func accept(_ character: Unicode.Scalar) -> Bool {
            guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
            index += 1
            return true
        }

        mutating func digit() -> Int64? {
            guard index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else {
                return nil
            }
            index += 1
            return Int64(bytes[index - 1] - UInt8(ascii: "0"))
        }

        mutating func number(_ digits: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digits {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        /// Nanoseconds of a fraction of one to nine digits.
        mutating func fraction() -> Int64? {
            var (value, digits) = (Int64(0), 0)
            while digits < 9, let digit = digit() {
                value = value * 10 + digit
                digits += 1
            }
            guard digits > 0 else { return nil }
            return (digits..<9).reduce(value) { product, _ in product * 10 }
        }

        /// Seconds east of UTC.
        mutating func offset() -> Int64? {
            if accept("Z") || accept("z") { return 0 }
            let west = accept("-")
            guard west || accept("+"), let hours = number(2), accept(":"), let minutes = number(2), hours < 24,
                minutes < 60
            else { return nil }
            return (west ? -1 : 1) * (hours * 3600 + minutes * 60)
        }
    }
}
