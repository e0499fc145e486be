import Synchronization
import TidemillSeams

/// The controller's clocks. They stand until the simulation moves them.
final class SimulatedClock: TimeSource {
    private let boot = Atomic<Int64>(0)
    private let wallClock = Atomic<Int64>(0)

    func now() -> Instant { Instant(nanoseconds: boot.load(ordering: .relaxed)) }
    func wall() -> WallTime { WallTime(nanosecondsSince1970: wallClock.load(ordering: .relaxed)) }

    func set(_ now: Instant, _ wall: WallTime) {
        boot.store(now.nanoseconds, ordering: .relaxed)
        wallClock.store(wall.nanosecondsSince1970, ordering: .relaxed)
    }
}

/// Random bits for the controller's parts, out of one seed.
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
