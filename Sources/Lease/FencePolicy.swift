import TidemillSeams

/// What happens to running work when its node stays silent. The copy inside the grant is the one that counts.
package enum FencePolicy: Hashable, Sendable {
    /// The task is ended when its agent has had no acknowledged renewal for `after`; only then may a replacement start.
    case stop(after: Duration)
    /// No deadline, and no replacement until the release is certain.
    case keep

    /// The shortest `after` that is valid; below it, heartbeats of 250 ms would no longer fit six times.
    package static let smallestAfter: Duration = .milliseconds(1500)

    /// The silence that ends the task, or nil with `keep`.
    package var after: Duration? {
        switch self {
        case .stop(let after): after
        case .keep: nil
        }
    }
}

/// The part of `after` that is given up so that a task is certainly dead when its replacement may start.
///
/// It covers the time to kill, and clocks that drift apart by up to 1000 ppm (`maxClockDrift`).
package enum FenceMargin {
    /// The drift between two machines' boot clocks that the margin covers, in parts per million.
    package static let maxClockDriftPartsPerMillion = 1000

    /// The larger of a tenth of `after` and the measured time to kill.
    package static func margin(after: Duration, timeToKill: Duration) -> Duration {
        max(after / 10, timeToKill)
    }
}
