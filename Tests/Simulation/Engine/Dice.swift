import TidemillSeams

/// Random decisions out of one seed. Every actor has dice of its own, so that leaving out a fault changes little else.
final class Dice {
    private var generator: SeededGenerator

    init(seed: UInt64, for name: String) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 ^ 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        generator = SeededGenerator(seed: state)
    }

    func bits() -> UInt64 { generator.next() }

    /// A number from 0 up to, and without, `limit`.
    func below(_ limit: Int) -> Int { limit <= 1 ? 0 : Int(generator.next() % UInt64(limit)) }

    func oneIn(_ number: Int) -> Bool { below(number) == 0 }

    func chance(_ perMille: Int) -> Bool { below(1000) < perMille }

    func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .microseconds(Int64(range.lowerBound * 1000 + below((range.upperBound - range.lowerBound) * 1000 + 1)))
    }

    func microseconds(_ range: ClosedRange<Int>) -> Duration {
        .microseconds(Int64(range.lowerBound + below(range.upperBound - range.lowerBound + 1)))
    }

    func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}
