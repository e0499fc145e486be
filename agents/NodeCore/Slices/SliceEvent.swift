import TidemillSeams
import TidemillWire

/// Everything that can happen to the slices of a node. The cores see the world only through these.
package enum SliceEvent: Hashable, Sendable {
    // What was found at the start, before anything else.

    /// A slice of the journal, and what is left of it.
    case recovered(HeldSlice, Remains)
    /// Cgroups or files of a grant that the journal does not know.
    case stray(SliceKey, Remains)
    /// The journal was read and the machine looked through: whatever it holds has been told. Before this nothing is taken
    /// and nothing is claimed, so that shares of an older boot are free only after the machine was scanned.
    case scanned

    // What the controller says.

    /// All slices granted to this node, complete and uncached; `under` is the number of the last `relist` before the list
    /// was asked for.
    case listed([SliceView], under: Int = 0)
    case seen(SliceView)
    /// The slice was removed, or is granted elsewhere.
    case gone(SliceUID)
    case gangsListed([GangView], under: Int = 0)
    case gangSeen(GangView)
    case gangGone(JobUID)
    /// A heartbeat, sent at `sentAt`, was acknowledged by a start of the controller on a store in this life of it.
    case renewed(sentAt: Instant, incarnation: IncarnationID, start: StartID, wantsInventory: Bool = false)
    /// The controller refuses this node: nothing is prepared or started until a renewal is acknowledged.
    case turnedAway(wantsInventory: Bool = false)
    /// The answer to `sendInventory`: grants to end now, and whether all that is kept is in the store.
    case inventoryAnswered(InventoryReply)
    /// There was none.
    case inventoryUnanswered

    // What the machine says.

    /// The wall clock moved by so much against the boot clock: the machine may have been paused.
    case clockJumped(by: Duration)
    /// The tasks of these slices were alive at that instant.
    case alive(Set<SliceKey>, at: Instant, wall: WallTime)
    case prepared(SliceKey, proof: SliceProof? = nil)
    case prepareFailed(SliceKey, message: String)
    /// It was made, and is not proven to hold.
    case unproven(SliceKey, SliceProof)
    case started(SliceKey, RunningTask)
    /// Surely nothing ran.
    case startFailed(SliceKey, TaskOutcome)
    case shimEnded(SliceKey, Remains)
    /// Something of the slice resists its end; the shares stay held until it is gone.
    case stuck(SliceKey, ReleaseObstacle = .process)
    /// A canary looked at a running slice again.
    case probed(SliceKey, SliceProof)
    /// No process of the slice is left and its cgroups are gone.
    case emptied(SliceKey, at: WallTime, scrub: ScrubRecord? = nil)
    /// The controller has acknowledged the release, or has granted the slice anew since.
    case releaseAcknowledged(SliceKey)
    /// The controller knows nothing of the slice, or not of this grant yet. Whether that is an acknowledgement the core
    /// decides: a store that was restored has forgotten what is still to be told.
    case unheard(SliceKey)
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
    /// How long it took from the decision to kill until no process was left, where that was recorded.
    package var killTime: Duration?

    package init(
        running: RunningTask? = nil, outcome: TaskOutcome? = nil, startedAt: WallTime? = nil, wasLaunched: Bool = true,
        killTime: Duration? = nil
    ) {
        self.running = running
        self.outcome = outcome
        self.startedAt = startedAt
        self.wasLaunched = wasLaunched
        self.killTime = killTime
    }

    /// Nothing was found.
    package static let nothing = Remains(wasLaunched: false)
}
