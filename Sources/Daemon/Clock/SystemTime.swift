import TidemillSeams

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The clocks of this machine, read from its kernel. Every other part of Tidemill gets a `TimeSource` handed in.
package struct SystemTime: TimeSource {
    package init() {}

    /// CLOCK_BOOTTIME: nanoseconds since boot, suspended time included.
    package func now() -> Instant {
        #if os(Linux)
        Instant(nanoseconds: Self.read(CLOCK_BOOTTIME))
        #else
        Instant(nanoseconds: Self.read(CLOCK_MONOTONIC))
        #endif
    }

    /// CLOCK_REALTIME: nanoseconds since 1970.
    package func wall() -> WallTime {
        WallTime(nanosecondsSince1970: Self.read(CLOCK_REALTIME))
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // Both clocks exist on every supported kernel; the call cannot fail for them.
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
