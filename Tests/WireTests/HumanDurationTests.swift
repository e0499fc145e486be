import Testing

@testable import TidemillWire

@Suite("HumanDuration")
struct HumanDurationTests {
    @Test(arguments: [
        (-2, "<invalid>"), (-1, "0s"), (0, "0s"), (5, "5s"), (119, "119s"), (120, "2m"), (192, "3m12s"), (599, "9m59s"),
        (600, "10m"), (659, "10m"), (10_799, "179m"), (10_800, "3h"), (14_400, "4h"), (14_460, "4h1m"),
        (28_799, "7h59m"),
        (28_800, "8h"), (29_400, "8h"), (172_799, "47h"), (2 * 365 * 86_400 - 1, "729d"), (172_800, "2d"),
        (176_400, "2d1h"), (691_199, "7d23h"), (691_200, "8d"), (8 * 86_400 + 3600, "8d"),
        (12 * 86_400, "12d"), (729 * 86_400, "729d"), (730 * 86_400, "2y"), (760 * 86_400, "2y30d"),
        (8 * 365 * 86_400, "8y"),
        (3000 * 86_400, "8y"),
    ])
    func `spells ages as kubectl does`(seconds: Int, expected: String) {
        #expect(HumanDuration.text(.seconds(seconds)) == expected)
    }

    @Test func `a fraction of a second is cut off`() {
        #expect(HumanDuration.text(.milliseconds(1999)) == "1s")
        #expect(HumanDuration.text(.milliseconds(-1999)) == "0s")
    }
}
