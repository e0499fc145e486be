import Testing
import TidemillModel
import TidemillSeams

@Suite struct RationalTests {
    @Test(
        arguments: [
            (2, 16, "1/8"), (8, 8, "1"), (-1, 2, "-1/2"), (1, -2, "-1/2"), (0, 5, "0"),
            (Int64.max, 1, "9223372036854775807"),
        ] as [(Int64, Int64, String)])
    func `a fraction is kept in lowest terms`(_ top: Int64, _ bottom: Int64, _ text: String) {
        #expect(Rational(top, bottom)?.description == text)
        #expect(Rational(parsing: text) == Rational(top, bottom))
    }

    @Test func `there is no fraction over zero`() {
        #expect(Rational(1, 0) == nil)
    }

    @Test(arguments: ["", "1/0", "1/-2", "a", "1/2/3", "1/", "/2", "0.5"])
    func `what is no fraction is not read`(_ text: String) {
        #expect(Rational(parsing: text) == nil)
    }

    @Test func `sums and differences are exact`() throws {
        let eighth = try #require(Rational(1, 8))
        let third = try #require(Rational(1, 3))
        #expect(eighth + third == Rational(11, 24))
        #expect(eighth - third == Rational(-5, 24))
        #expect(eighth * third == Rational(1, 24))
        #expect((0..<8).reduce(Rational.zero) { sum, _ in sum + eighth } == .one)
    }

    @Test func `comparison is exact where a Double would not be`() throws {
        let a = try #require(Rational(Int64.max - 1, Int64.max))
        let b = try #require(Rational(Int64.max - 2, Int64.max - 1))
        #expect(b < a)
        #expect(a < .one)
        #expect(max(a, b) == a)
    }

    @Test func `a sum beyond 64 bits is rounded, never trapped on`() throws {
        let large = Rational(Int64.max)
        #expect(large + large == large)
        let tiny = try #require(Rational(1, Int64.max))
        let odd = try #require(Rational(1, Int64.max - 1))
        let sum = tiny + odd
        #expect(sum > .zero)
        #expect(sum < Rational(1, 1 << 60) ?? .zero)
    }

    @Test(
        arguments: [
            (1, 8, 3, "0.125"), (1, 3, 3, "0.333"), (2, 3, 3, "0.667"), (-1, 8, 2, "-0.13"), (5, 1, 3, "5.000"),
            (-1, 10_000, 3, "0.000"), (7, 2, 0, "4"),
        ] as [(Int64, Int64, Int, String)])
    func `decimals are rounded half away from zero`(_ top: Int64, _ bottom: Int64, _ places: Int, _ text: String) {
        #expect(Rational(top, bottom)?.decimalText(places: places) == text)
    }
}
