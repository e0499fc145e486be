import TidemillModel
import TidemillSeams

/// How long to wait after each failure in a row: doubling from `first` to `most`, of which a random part between a half
/// and the whole is taken, so that many clients do not come back in step.
package struct Backoff: Sendable {
    package let first: Duration
    package let most: Duration
    private var failures = 0

    package init(first: Duration = .milliseconds(100), most: Duration = .seconds(10)) {
        self.first = first
        self.most = most
    }

    /// The wait after one more failure. `randomness` is 64 random bits.
    package mutating func next(_ randomness: UInt64) -> Duration {
        let doublings = min(failures, 20)
        failures += 1
        let (ceiling, overflow) = first.wholeNanoseconds.multipliedReportingOverflow(by: 1 << doublings)
        let whole = overflow ? most.wholeNanoseconds : min(ceiling, most.wholeNanoseconds)
        let half = whole / 2
        return .nanoseconds(half + Int64(randomness % UInt64(max(1, whole - half + 1))))
    }

    /// Starts over: something worked.
    package mutating func reset() {
        failures = 0
    }
}

/// How a client repeats calls that surely had no effect, and reads that were interrupted. Writes whose fate is unknown are
/// never repeated.
package struct RetryRules: Sendable {
    /// Attempts in all, the first included.
    package var attempts: Int
    package var backoff: Backoff
    package var randomness: any Randomness
    package var sleep: Sleep

    package init(attempts: Int, backoff: Backoff = Backoff(), randomness: any Randomness, sleep: @escaping Sleep) {
        self.attempts = attempts
        self.backoff = backoff
        self.randomness = randomness
        self.sleep = sleep
    }
}
