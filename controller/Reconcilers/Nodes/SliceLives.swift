import TidemillSeams
import TidemillWire

/// What a node's heartbeats show of how long its slices have been active: the time between the first one that was sent after
/// the agent knew of the slice's being active and the last one that was processed.
///
/// Both are instants of the node's own boot clock at which it sent something. No wall clock is in it, no delay of a message,
/// and no pause of the controller; and what was sent while an end was under way shows nothing: never more than the truth
/// (invariant 6).
package struct SliceLives: Sendable {
    private struct Life: Sendable {
        var boot: BootID
        /// The store's revision at which the slice was first seen active.
        var revision: Revision
        var since: Instant?
    }

    private var lives: [SliceUID: Life] = [:]
    private var last: (boot: BootID, sentAt: Instant)?

    package init() {}

    /// Slices of the node that the store shows as active, each with the boot of its grant and its revision.
    package mutating func learn(_ active: [SliceUID: (boot: BootID, revision: Revision)]) {
        lives = lives.filter { active[$0.key] != nil }
        for (slice, seen) in active where lives[slice]?.boot != seen.boot {
            lives[slice] = Life(boot: seen.boot, revision: seen.revision)
        }
    }

    /// A heartbeat of the node was accepted.
    package mutating func heard(_ heartbeat: Heartbeat) {
        if heartbeat.hasUntoldEnds { return }
        let sentAt = Instant(nanoseconds: heartbeat.sentAt)
        if let last, last.boot == heartbeat.bootID, last.sentAt >= sentAt { return }
        last = (heartbeat.bootID, sentAt)
        for (slice, life) in lives
        where life.since == nil && life.boot == heartbeat.bootID
            && heartbeat.appliedRevision >= life.revision.rawValue
        {
            lives[slice]?.since = sentAt
        }
    }

    /// How long each slice was active, as far as that was shown.
    package var shown: [SliceUID: Duration] {
        lives.mapValues { life in
            guard let since = life.since, let last, last.boot == life.boot else { return .zero }
            return max(.zero, last.sentAt.since(since))
        }
    }
}
