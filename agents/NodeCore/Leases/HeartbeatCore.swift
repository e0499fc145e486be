import TidemillSeams
import TidemillWire

/// Decides what heartbeats say, what their answers mean, and what of it the journal must keep. Pure.
package struct HeartbeatCore: Sendable {
    package enum Outcome: Hashable, Sendable {
        /// Acknowledged: deadlines count from `sentAt`.
        case renewed(sentAt: Instant, incarnation: IncarnationID, start: StartID, wantsInventory: Bool)
        /// The controller does not accept this node. It may still want to know what the node holds.
        case turnedAway(reason: String, message: String, wantsInventory: Bool)
        /// A reply to nothing that this core asked; it renews nothing.
        case ignored
    }

    /// How often a revision that grew is written to the journal.
    package static let savePeriod: Duration = .seconds(5)

    package let identity: NodeIdentity
    package var node: NodeID { identity.node }
    package var bootID: BootID { identity.bootID }
    /// As the controller's last reply said.
    package private(set) var interval: Duration = .seconds(2)
    private var lastSent: Instant?
    /// Starts one of which the controller may have accepted last; tried in turn until this process is accepted.
    private var predecessors: [String]
    private var isAccepted = false
    private var memory: HeartbeatMemory
    private var saved: HeartbeatMemory
    private var savedAt: Instant?

    /// `memory` is what the journal said before this process began.
    package init(identity: NodeIdentity, memory: HeartbeatMemory = HeartbeatMemory()) {
        self.identity = identity
        predecessors = memory.starts
        self.memory = memory.beginning(identity.agentStart)
        saved = self.memory
    }

    package init(
        node: NodeID, bootID: BootID, machineID: String, agentStart: String,
        memory: HeartbeatMemory = HeartbeatMemory()
    ) {
        self.init(
            identity: NodeIdentity(node: node, bootID: bootID, machineID: machineID, agentStart: agentStart),
            memory: memory)
    }

    /// The next heartbeat. `now` must be read before anything is sent.
    package mutating func beat(at now: Instant, applied: Revision, hasUntoldEnds: Bool = false) -> Heartbeat {
        lastSent = now
        let seen = memory.seen
        return Heartbeat(
            node: node, bootID: bootID, machineID: identity.machineID, incarnation: seen?.incarnation,
            startID: seen?.startID, lastRevision: seen?.revision, agentStart: identity.agentStart,
            previousStart: predecessors.first, sentAt: now.nanoseconds, appliedRevision: applied.rawValue,
            hasUntoldEnds: hasUntoldEnds)
    }

    /// What a reply to `heartbeat` means.
    package mutating func answered(_ reply: HeartbeatReply, to heartbeat: Heartbeat) -> Outcome {
        guard heartbeat.sentAt == lastSent?.nanoseconds else { return .ignored }
        interval = .milliseconds(min(max(reply.intervalMilliseconds, 50), 10_000))
        guard reply.accepted else {
            // Whether the last process was ever accepted its successor cannot know: the one before it is named next.
            if !isAccepted, predecessors.count > 1 { predecessors.append(predecessors.removeFirst()) }
            return .turnedAway(
                reason: reply.reason ?? "Refused", message: reply.message ?? "the controller gave no reason",
                wantsInventory: reply.wantsInventory)
        }
        isAccepted = true
        memory.starts = [identity.agentStart]
        memory.seen = .init(incarnation: reply.incarnation, startID: reply.startID, revision: reply.revision)
        return .renewed(
            sentAt: Instant(nanoseconds: heartbeat.sentAt), incarnation: reply.incarnation, start: reply.startID,
            wantsInventory: reply.wantsInventory)
    }

    /// What the journal is to keep now, when it differs enough from what was last asked to be kept: at once after a change
    /// of store, start or acceptance, seldom for a revision alone. An older revision proves less, and never too much.
    package mutating func toSave(at now: Instant) -> HeartbeatMemory? {
        guard memory != saved else { return nil }
        let isSameStart =
            memory.starts == saved.starts && memory.seen?.startID == saved.seen?.startID
            && memory.seen?.incarnation == saved.seen?.incarnation
        if isSameStart, let savedAt, now.since(savedAt) < Self.savePeriod { return nil }
        saved = memory
        savedAt = now
        return memory
    }

    /// How long an answer is waited for: long enough for a busy controller, short enough for a second try.
    package var patience: Duration { min(max(interval * 2, .seconds(1)), .seconds(5)) }

    /// The wait until the next heartbeat: up to a tenth earlier than the interval after the last one was sent, so that
    /// many nodes do not beat in step, and never later. `randomness` is 64 random bits.
    package func wait(at now: Instant, randomness: UInt64) -> Duration {
        guard let lastSent else { return .zero }
        let early = interval.wholeNanoseconds / 10
        let jitter = Int64(randomness % UInt64(max(1, early)))
        return max(.milliseconds(10), .nanoseconds(interval.wholeNanoseconds - jitter) - now.since(lastSent))
    }
}
