import Testing
import TidemillModel
import TidemillSeams

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-21T03:35:29Z", 1_795_232_129), ("2000-02-29T23:59:59Z", 951_868_799),
            ("1969-12-31T23:59:59Z", -1), ("0001-01-01T00:00:00Z", -62_135_596_800),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] as [(String, Int64)])
    func `a time is read and written alike`(_ text: String, _ seconds: Int64) {
        #expect(Timestamp(parsing: text)?.seconds == seconds)
        #expect(Timestamp(seconds: seconds).text == text)
    }

    @Test(arguments: [
        ("2026-11-21T05:35:29+02:00", "2026-11-21T03:35:29Z"), ("2026-11-20T22:05:29-05:30", "2026-11-21T03:35:29Z"),
        ("2026-11-21T03:35:29.999999999Z", "2026-11-21T03:35:29Z"), ("2026-11-21t03:35:29z", "2026-11-21T03:35:29Z"),
    ])
    func `offsets and fractions are taken`(_ text: String, _ normal: String) {
        #expect(Timestamp(parsing: text)?.text == normal)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T03:35:29", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T03:60:00Z", "2026-11-21T03:35:60Z",
        "2026-11-21 03:35:29Z", "2026-11-21T03:35:29.Z", "2026-11-21T03:35:29Zz", "2026-00-10T00:00:00Z",
        "2026-11-00T00:00:00Z", "2026-11-21T03:35:29+2:00", "2026-11-21T03:35:29.1234567890Z",
    ])
    func `what is no time is not read`(_ text: String) {
        #expect(Timestamp(parsing: text) == nil)
    }

    @Test func `every day of four centuries is itself again`() {
        for day in stride(from: Int64(-60_000), to: 90_000, by: 1) {
            let time = Timestamp(seconds: day * 86400)
            #expect(Timestamp(parsing: time.text) == time)
        }
    }

    @Test func `microseconds are written in six digits`() {
        let time = MicroTime(WallTime(nanosecondsSince1970: 1_795_232_129_000_123_999))
        #expect(time.text == "2026-11-21T03:35:29.000123Z")
        #expect(MicroTime(parsing: time.text) == time)
        #expect(time.timestamp.text == "2026-11-21T03:35:29Z")
    }

    @Test func `times before 1970 count backwards`() {
        #expect(Timestamp(WallTime(nanosecondsSince1970: -1)).text == "1969-12-31T23:59:59Z")
        #expect(MicroTime(microseconds: -1).text == "1969-12-31T23:59:59.999999Z")
    }
}
