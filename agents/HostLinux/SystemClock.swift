import CHost
import TidemillSeams

/// The kernel's clocks: CLOCK_BOOTTIME and CLOCK_REALTIME.
package struct SystemClock: TimeSource {
    package init() {}

    package func now() -> Instant { Instant(nanoseconds: tm_boottime_ns()) }

    package func wall() -> WallTime { WallTime(nanosecondsSince1970: tm_realtime_ns()) }
}

/// The kernel's random generator.
package struct KernelRandomness: Randomness {
    package init() {}

    package func next() -> UInt64 {
        var bits: UInt64 = 0
        let result = tm_random(&bits, MemoryLayout<UInt64>.size)
        precondition(result == 0, "getrandom(2) failed with errno \(-result)")
        return bits
    }
}
