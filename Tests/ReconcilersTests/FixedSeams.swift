import Synchronization
import TidemillSeams

/// A clock that stands at 1970-01-01T00:16:40Z.
struct FixedTime: TimeSource {
    func now() -> Instant { Instant(nanoseconds: 0) }
    func wall() -> WallTime { WallTime(nanosecondsSince1970: 1_000_000_000_000) }
}

/// Numbers that differ, the same ones each time.
final class CountedRandomness: Randomness {
    private let counter = Atomic<UInt64>(0)

    func next() -> UInt64 {
        var generator = SeededGenerator(seed: counter.wrappingAdd(1, ordering: .relaxed).newValue)
        return generator.next()
    }
}
