import TidemillSeams
import TidemillWire

/// Decides what heartbeats say and what their answers mean. Pure.
package struct HeartbeatCore: Sendable {
    package enum Outcome: Hashable, Sendable {
        /// Acknowledged: deadlines count from `sentAt`.
        case renewed(sentAt: Instant, incarnation: IncarnationID)
        /// The controller does not accept this node.
        case turnedAway(reason: String, message: String)
        /// A reply to nothing that this core asked; it renews nothing.
        case ignored
    }

    package let node: NodeID
    package let bootID: BootID
    package let machineID: String
    /// Id of this agent process.
    package let agentStart: String
    /// As the controller's last reply said.
    package private(set) var interval: Duration = .seconds(2)
    private var last: HeartbeatReply?
    private var lastSent: Instant?

    package init(node: NodeID, bootID: BootID, machineID: String, agentStart: String) {
        self.node = node
        self.bootID = bootID
        self.machineID = machineID
        self.agentStart = agentStart
    }

    /// The next heartbeat. `now` must be read before anything is sent.
    package mutating func beat(at now: Instant, applied: Revision) -> Heartbeat {
        lastSent = now
        return Heartbeat(
            node: node, bootID: bootID, machineID: machineID, incarnation: last?.incarnation, startID: last?.startID,
            lastRevision: last?.revision, agentStart: agentStart, sentAt: now.nanoseconds,
            appliedRevision: applied.rawValue)
    }

    /// What a reply to `heartbeat` means.
    package mutating func answered(_ reply: HeartbeatReply, to heartbeat: Heartbeat) -> Outcome {
        guard heartbeat.sentAt == lastSent?.nanoseconds else { return .ignored }
        interval = .milliseconds(min(max(reply.intervalMilliseconds, 50), 10_000))
        guard reply.accepted else {
            return .turnedAway(
                reason: reply.reason ?? "Refused", message: reply.message ?? "the controller gave no reason")
        }
        last = reply
        return .renewed(sentAt: Instant(nanoseconds: heartbeat.sentAt), incarnation: reply.incarnation)
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
