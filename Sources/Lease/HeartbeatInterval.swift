import TidemillSeams

/// How often an agent renews.
package enum HeartbeatInterval {
    /// The interval of a node that holds nothing urgent.
    package static let longest: Duration = .seconds(2)
    /// No node is asked to renew more often.
    package static let shortest: Duration = .milliseconds(250)

    /// The interval for a node on which `smallestAfter` is the smallest `after` of any `stop` grant; nil when it has
    /// none. The smaller of 2 s and a sixth of it, at least 250 ms. Agreed with the agent before such a grant commits.
    package static func agreed(smallestAfter: Duration?) -> Duration {
        guard let smallestAfter else { return longest }
        return max(shortest, min(longest, smallestAfter / 6))
    }
}

/// When silence is noticed. Noticing alone frees nothing and ends nothing.
package struct DetectionTimes: Hashable, Sendable {
    /// Silence after which a node is Suspect: three intervals.
    package let suspect: Duration
    /// Silence after which a node is Disconnected: five intervals.
    package let disconnected: Duration

    package init(interval: Duration) {
        suspect = interval * 3
        disconnected = interval * 5
    }
}

/// Notices that the caller's own ticks come late, so that it does not take its own pause for the silence of others.
package struct TickWatch: Hashable, Sendable {
    /// The period at which ticks are expected.
    package let period: Duration
    private var last: Instant?

    package init(period: Duration) {
        self.period = period
    }

    /// Counts a tick and returns by how much it came late; zero when it was less than one period late.
    package mutating func tick(at now: Instant) -> Duration {
        defer { last = now }
        guard let last else { return .zero }
        let gap = now.since(last) - period
        return gap < period ? .zero : gap
    }
}
