import TidemillSeams

/// Notices that the wall clock moves against the boot clock, as it does when a machine was paused without its kernel
/// knowing and is put right afterwards. Pure; sampled with every heartbeat.
package struct ClockWatch: Hashable, Sendable {
    /// Less than this is the slewing of a time service over one heartbeat; below the smallest margin of a fence (150 ms).
    package static let noise: Duration = .milliseconds(50)

    private var wall: WallTime?
    private var boot = Instant(nanoseconds: 0)

    package init() {}

    /// By how much the wall clock gained on the boot clock since the last sample, negative when it fell back; zero for the
    /// first sample and for less than `noise`.
    package mutating func sample(wall now: WallTime, boot instant: Instant) -> Duration {
        defer { (wall, boot) = (now, instant) }
        guard let wall else { return .zero }
        let walled = Int128(now.nanosecondsSince1970) - Int128(wall.nanosecondsSince1970)
        let booted = Int128(instant.nanoseconds) - Int128(boot.nanoseconds)
        let jump = Duration.nanoseconds(Int64(clamping: walled - booted))
        return jump.magnitude < Self.noise ? .zero : jump
    }
}

extension Duration {
    /// How long it is, whichever way it points.
    package var magnitude: Duration { self < .zero ? .zero - self : self }
}
