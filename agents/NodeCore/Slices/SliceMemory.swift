import TidemillSeams

/// What a core remembers across restarts of the agent beside the slices themselves; small rows of the journal.
package struct SliceMemory: Hashable, Sendable {
    /// The life of the store that this node obeys; nil before it ever knew one.
    package var incarnation: IncarnationID?
    package var killTimes: KillTimes
    package var alive: AliveNote?

    package init(incarnation: IncarnationID? = nil, killTimes: KillTimes = KillTimes(), alive: AliveNote? = nil) {
        self.incarnation = incarnation
        self.killTimes = killTimes
        self.alive = alive
    }
}
