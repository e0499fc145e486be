import Testing
import TidemillModel
import TidemillSeams

@Suite struct APIDurationTests {
    @Test(
        arguments: [
            ("60s", 60_000_000_000), ("1m30s", 90_000_000_000), ("10m", 600_000_000_000), ("1.5s", 1_500_000_000),
            ("24h", 86_400_000_000_000), ("300ms", 300_000_000), ("0", 0), ("0s", 0), ("-1s", -1_000_000_000),
            ("1us", 1000),
            ("1µs", 1000), ("5ns", 5), ("1h0m0.25s", 3_600_250_000_000), (".5m", 30_000_000_000),
            ("0.0000000001s", 0), ("2562047h", 9_223_369_200_000_000_000),
        ] as [(String, Int64)])
    func `a duration has an exact length`(_ text: String, _ nanoseconds: Int64) throws {
        let duration = try APIDuration(parsing: text)
        #expect(duration.duration == .nanoseconds(nanoseconds))
        #expect(duration.text == text)
    }

    @Test(arguments: ["", "s", "1", "1d", "1 s", "60s ", "1s-2s", "1.5", ".s", "1..5s", "-", "+", "1S", "1h30"])
    func `what is no duration is malformed`(_ text: String) {
        #expect(throws: DurationError.malformed) { try APIDuration(parsing: text) }
    }

    @Test(arguments: ["2562048h", "99999999999999999999999999h", "9223372036854775808ns"])
    func `what no clock can count is out of range`(_ text: String) {
        #expect(throws: DurationError.outOfRange) { try APIDuration(parsing: text) }
    }

    @Test(
        arguments: [
            (90_000_000_000, "1m30s"), (86_400_000_000_000, "24h"), (1_500_000_000, "1.5s"), (300_000_000, "300ms"),
            (0, "0s"),
            (-1_000_000_000, "-1s"), (3_600_250_000_000, "1h0.25s"), (1_234, "1.234us"), (60_000_000_000, "1m"),
        ] as [(Int64, String)])
    func `a length is spelt in whole units`(_ nanoseconds: Int64, _ text: String) throws {
        let duration = APIDuration(.nanoseconds(nanoseconds))
        #expect(duration.text == text)
        #expect(try APIDuration(parsing: text) == duration)
    }

    @Test func `durations of one length are equal however written`() throws {
        #expect(try APIDuration(parsing: "60s") == APIDuration(parsing: "1m"))
        #expect(try APIDuration(parsing: "59s") < APIDuration(parsing: "1m"))
    }
}
