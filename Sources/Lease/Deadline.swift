import TidemillSeams

/// One acknowledged renewal, as the page and the agent know it.
package struct Renewal: Hashable, Sendable {
    /// The boot on whose clock `sentAt` stands.
    package var boot: BootID
    /// The life of the store that acknowledged; empty before the first acknowledgement.
    package var incarnation: IncarnationID
    /// When the agent *sent* the heartbeat that was acknowledged, never when the answer came.
    package var sentAt: Instant

    package init(boot: BootID, incarnation: IncarnationID, sentAt: Instant) {
        self.boot = boot
        self.incarnation = incarnation
        self.sentAt = sentAt
    }
}

/// Until when one grant's task may execute: the send instant of the last acknowledged renewal, plus `after`, minus the
/// margin.
///
/// Bound to one boot and one epoch. It only grows, and once passed it is never extended (invariants 1b and 3).
package struct Deadline: Hashable, Sendable {
    /// What came of an attempt to extend.
    package enum Extension: Hashable, Sendable {
        /// The deadline is later than before: arm the kernel's timer again.
        case extended
        /// The renewal is not newer than the one already counted.
        case unchanged
        /// The deadline has passed; end the slice.
        case refusedPassed
        /// The renewal stands on another boot's clock.
        case refusedOtherBoot
        /// The renewal claims to have been sent later than now; believing it would lengthen the deadline for ever.
        case refusedFuture
    }

    package let boot: BootID
    package let epoch: Epoch
    package let after: Duration
    package let margin: Duration
    /// The instant from which on the task must not execute.
    package private(set) var at: Instant

    /// - Parameter sentAt: when the last acknowledged renewal was sent, on the clock of `boot`.
    package init(boot: BootID, epoch: Epoch, after: Duration, margin: Duration, sentAt: Instant) {
        self.boot = boot
        self.epoch = epoch
        self.after = after
        self.margin = margin
        at = sentAt + (after - margin)
    }

    /// When the kernel kills the shim, if the shim itself did not act: the deadline plus half of the margin.
    package var kernelAt: Instant { at + margin / 2 }

    /// Whether the task's time is over.
    package func hasPassed(at now: Instant) -> Bool { now >= at }

    /// Time left; negative once passed.
    package func remaining(at now: Instant) -> Duration { at.since(now) }

    /// Counts a renewal. The deadline never shrinks.
    package mutating func extend(_ renewal: Renewal, at now: Instant) -> Extension {
        if hasPassed(at: now) { return .refusedPassed }
        if renewal.boot != boot { return .refusedOtherBoot }
        if renewal.sentAt > now { return .refusedFuture }
        let later = renewal.sentAt + (after - margin)
        if later <= at { return .unchanged }
        at = later
        return .extended
    }

    /// When to look for an extension next: at half of the remaining time, and at the deadline itself once that half is
    /// shorter than a sixteenth of the margin.
    package func nextLook(at now: Instant) -> Instant {
        let half = remaining(at: now) / 2
        return half < margin / 16 ? at : now + half
    }
}
