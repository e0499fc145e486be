import TidemillSeams

/// Everything that can happen to the slices of a node. The cores see the world only through these.
package enum SliceEvent: Hashable, Sendable {
    // What was found at the start, before anything else.

    /// A slice of the journal, and what is left of it.
    case recovered(HeldSlice, Remains)
    /// Cgroups or files of a grant that the journal does not know.
    case stray(SliceKey, Remains)

    // What the controller says.

    /// All slices granted to this node, complete and uncached.
    case listed([SliceView])
    case seen(SliceView)
    /// The slice was removed, or is granted elsewhere.
    case gone(SliceUID)
    case gangsListed([GangView])
    case gangSeen(GangView)
    case gangGone(JobUID)
    /// A heartbeat, sent at `sentAt`, was acknowledged. `incarnationIsKnown` is false once the store was restored from a
    /// backup: its lists then do not end what runs here.
    case renewed(sentAt: Instant, incarnationIsKnown: Bool)
    /// The controller refuses this node: nothing is prepared or started until a renewal is acknowledged.
    case turnedAway

    // What the machine says.

    case prepared(SliceKey)
    case prepareFailed(SliceKey, message: String)
    case started(SliceKey, RunningTask)
    /// Surely nothing ran.
    case startFailed(SliceKey, TaskOutcome)
    case shimEnded(SliceKey, Remains)
    /// A process of the slice resists its end; the shares stay held until it is gone.
    case stuck(SliceKey)
    /// No process of the slice is left and its cgroups are gone.
    case emptied(SliceKey, at: WallTime)
    /// The controller has acknowledged the release, or no longer knows the grant.
    case releaseAcknowledged(SliceKey)
}

/// What is left of a grant on the machine: files, cgroups, processes.
package struct Remains: Hashable, Sendable {
    /// The task, when its shim is alive.
    package var running: RunningTask?
    /// The end that the shim recorded; nil when there is none.
    package var outcome: TaskOutcome?
    /// When the task started, from the shim's own file.
    package var startedAt: WallTime?
    /// False when the shim was surely never launched.
    package var wasLaunched: Bool

    package init(
        running: RunningTask? = nil, outcome: TaskOutcome? = nil, startedAt: WallTime? = nil, wasLaunched: Bool = true
    ) {
        self.running = running
        self.outcome = outcome
        self.startedAt = startedAt
        self.wasLaunched = wasLaunched
    }

    /// Nothing was found.
    package static let nothing = Remains(wasLaunched: false)
}
