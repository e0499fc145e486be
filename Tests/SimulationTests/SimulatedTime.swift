import Synchronization
import TidemillSeams

/// A clock that stands until the simulation moves it.
final class HandClock: TimeSource {
    private let nanoseconds = Atomic<Int64>(1_000_000_000_000)
    /// 2026-11-21T00:00:00Z, less what the boot clock starts with.
    private let wallOffset: Int64 = 1_795_219_200_000_000_000 - 1_000_000_000_000

    func now() -> Instant { Instant(nanoseconds: nanoseconds.load(ordering: .relaxed)) }
    func wall() -> WallTime { WallTime(nanosecondsSince1970: now().nanoseconds + wallOffset) }

    func move(by duration: Duration) {
        nanoseconds.add(duration.wholeNanoseconds, ordering: .relaxed)
    }
}

/// Random bits out of one seed: equal seeds give equal histories.
final class SeededRandomness: Randomness {
    private let counter: Atomic<UInt64>

    init(seed: UInt64) {
        counter = Atomic(seed)
    }

    func next() -> UInt64 {
        var generator = SeededGenerator(seed: counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue)
        return generator.next()
    }
}
