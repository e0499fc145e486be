import Testing
import TidemillModel

@Suite("CardSeconds")
struct CardSecondsTests {
    @Test(
        arguments: [
            ("1/8", 8_000_000_000, "1.000"), ("1", 1_499_999, "0.001"), ("1", 1_500_000, "0.002"),
            ("1/3", 1_000_000_000, "0.333"), ("2/3", 1_000_000_000, "0.667"), ("0", 5_000_000_000, "0.000"),
            ("1/8", -1, "0.000"), ("7/2", 86_400_000_000_000, "302400.000"),
            ("1/1000000007", 9_000_000_000_000_000, "0.009"),
        ] as [(String, Int64, String)])
    func `card units times time is exact to three decimals`(units: String, nanoseconds: Int64, expected: String) throws
    {
        let units = try #require(Rational(parsing: units))
        #expect(CardSeconds.text(units: units, nanoseconds: nanoseconds) == expected)
    }
}
