import Testing
import TidemillModel

@Suite struct QuantityTests {
    @Test(
        arguments: [
            ("0", 0, 1), ("1", 1, 1), ("-1", -1, 1), ("+7", 7, 1), ("250m", 1, 4), ("1.5", 3, 2), (".5", 1, 2),
            ("5.", 5, 1),
            ("0.250", 1, 4), ("1.000000000000000000000", 1, 1), ("50%", 1, 2), ("12.5%", 1, 8), ("200%", 2, 1),
            ("1k", 1000, 1), ("2M", 2_000_000, 1), ("3G", 3_000_000_000, 1), ("1T", 1_000_000_000_000, 1),
            ("1P", 1_000_000_000_000_000, 1), ("9E", 9_000_000_000_000_000_000, 1), ("1Ki", 1024, 1),
            ("16Gi", 17_179_869_184, 1), ("0.5Gi", 536_870_912, 1), ("7Ei", 8_070_450_532_247_928_832, 1),
            ("1e3", 1000, 1),
            ("1E3", 1000, 1), ("1.5e-3", 3, 2000), ("100n", 1, 10_000_000), ("5u", 1, 200_000),
        ] as [(String, Int64, Int64)])
    func `a quantity has an exact value`(_ text: String, _ top: Int64, _ bottom: Int64) throws {
        let quantity = try Quantity(parsing: text)
        #expect(quantity.numerator == top)
        #expect(quantity.denominator == bottom)
        #expect(quantity.text == text)
    }

    @Test(arguments: [
        "", " ", "1 ", " 1", "abc", "m", ".", "-", "1Kb", "1ki", "1K", "1KI", "1.2.3", "1e", "1e+", "--1", "1_000",
        "0x10",
        "1%%", "NaN", "inf", "１", "1mm", "1m%", "1e3Ki", String(repeating: "0", count: 65),
    ])
    func `what is no quantity is malformed`(_ text: String) {
        #expect(throws: QuantityError.malformed) { try Quantity(parsing: text) }
    }

    @Test(arguments: [
        "8Ei", "10E", "9223372036854775808", "1e19", "1e999999", "99999999999999999999", "0.0000000000000000001",
    ])
    func `what 64 bits cannot count is out of range`(_ text: String) {
        #expect(throws: QuantityError.outOfRange) { try Quantity(parsing: text) }
    }

    @Test(arguments: [("1Gi", "1024Mi"), ("50%", "0.5"), ("1000m", "1"), ("1e3", "1k"), ("-0", "0")])
    func `quantities of one value are equal however written`(_ a: String, _ b: String) throws {
        #expect(try Quantity(parsing: a) == Quantity(parsing: b))
        #expect(try Quantity(parsing: a).hashValue == Quantity(parsing: b).hashValue)
    }

    @Test func `quantities are ordered by value, not by text`() throws {
        #expect(try Quantity(parsing: "900Mi") < Quantity(parsing: "1Gi"))
        #expect(try !(Quantity(parsing: "1Gi") < Quantity(parsing: "1024Mi")))
    }

    @Test(arguments: [(250, "250m"), (4000, "4"), (0, "0"), (1500, "1500m")] as [(Int64, String)])
    func `CPUs are spelt whole or in thousandths`(_ milli: Int64, _ text: String) throws {
        #expect(Quantity(milliCPU: milli).text == text)
        #expect(Quantity(milliCPU: milli).milliValue == milli)
        #expect(try Quantity(parsing: text) == Quantity(milliCPU: milli))
    }

    @Test(
        arguments: [
            (0, "0"), (1000, "1000"), (1024, "1Ki"), (536_870_912, "512Mi"), (1_610_612_736, "1536Mi"),
            (1 << 60, "1Ei"),
            (1025, "1025"), (Int64.max, "9223372036854775807"),
        ] as [(Int64, String)])
    func `bytes are spelt as short as is exact`(_ bytes: Int64, _ text: String) throws {
        #expect(Quantity(bytes: bytes).text == text)
        #expect(try Quantity(parsing: text).wholeValue == bytes)
    }

    @Test func `a value that is not whole has no whole value`() throws {
        #expect(try Quantity(parsing: "1.5").wholeValue == nil)
        #expect(try Quantity(parsing: "1.5").milliValue == 1500)
        #expect(try Quantity(parsing: "1u").milliValue == nil)
        #expect(try Quantity(parsing: "9E").milliValue == nil)
    }

    @Test func `only a percentage is one`() throws {
        #expect(try Quantity(parsing: "50%").isPercentage)
        #expect(try !Quantity(parsing: "0.5").isPercentage)
    }
}
