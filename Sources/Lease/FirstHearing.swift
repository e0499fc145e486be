import TidemillSeams

/// What a started controller waits for before it grants anything: that every node which was up has been heard, or that one
/// full detection time has passed. Until then it does not know whether it is the one who is cut off.
package struct FirstHearing: Hashable, Sendable {
    private var awaited: Set<NodeID> = []
    private var nodes = 0
    private var until: Instant?

    package init() {}

    /// Begins to wait for the nodes that the store shows as up; without effect after the first call.
    package mutating func begin(awaiting nodes: Set<NodeID>, at now: Instant) {
        guard until == nil else { return }
        awaited = nodes
        self.nodes = nodes.count
        until = now + Self.time
    }

    /// The node was heard, or nobody expects to hear it any more.
    package mutating func clear(_ node: NodeID) {
        awaited.remove(node)
    }

    /// The controller itself was away for so long.
    package mutating func extended(by gap: Duration) {
        until = until.map { $0 + gap }
    }

    /// Forgets whom it waited for once the time is over.
    package mutating func tick(at now: Instant) {
        if let until, now >= until { awaited = [] }
    }

    /// Why nothing is granted; nil once the wait is over.
    package var hold: GrantPermission.Hold? {
        guard until != nil else {
            return GrantPermission.Hold(
                reason: Self.reason, message: "The controller has just started and has not read its nodes yet.")
        }
        guard !awaited.isEmpty else { return nil }
        return GrantPermission.Hold(
            reason: Self.reason,
            message: """
                The controller has just started: nothing is granted until all nodes that were up (\(nodes)) are \
                heard, or \(Self.time) have passed.
                """)
    }

    /// The one word for a controller that has just started.
    package static let reason = "ControllerStarted"

    private static var time: Duration { DetectionTimes(interval: HeartbeatInterval.longest).disconnected }
}
