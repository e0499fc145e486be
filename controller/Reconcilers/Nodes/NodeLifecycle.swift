import Logging
import ServiceLifecycle
import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Acknowledges heartbeats and writes what they mean: node states, and slices that are Lost when their own `after` has
/// run out.
///
/// Heartbeats never wait for the store: they are judged and answered from memory.
package actor NodeLifecycle: Service {
    private let mirror: ObjectMirror
    private let resources: Resources
    private let joins: any JoinLog
    private let sleep: Sleep
    private let wakeups: Wakeups
    private let writer: PlanWriter
    private let logger: Logger
    private var roster = NodeRoster()
    private var revision: Revision
    /// Rung when a node has agreed to a shorter interval or has become Ready, for whoever plans grants.
    private let agreed: Bell?

    /// - Parameters:
    ///   - joins: every node that ever joined; a node is in it before its first renewal is acknowledged.
    ///   - agreed: rung with every accepted heartbeat that a planned grant may have waited for.
    package init(
        mirror: ObjectMirror, joins: any JoinLog, sleep: @escaping Sleep, logger: Logger, agreed: Bell? = nil
    ) {
        self.mirror = mirror
        self.joins = joins
        resources = mirror.resources
        self.sleep = sleep
        self.logger = logger
        self.agreed = agreed
        revision = Revision(0)
        writer = PlanWriter(resources: resources, component: "node-lifecycle", logger: logger)
        wakeups = Wakeups(
            resources: resources, kinds: [Kinds.Node.info, Kinds.Slice.info], period: .seconds(2), sleep: sleep)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.wakeups.run { await self.tick() } }
                group.addTask { await self.watchClock() }
            }
        }
    }

    /// Judges silence twice a second without reading anything; only what changes wakes the tick.
    private func watchClock() async {
        // Sleep ends with the task's cancellation, and so does this loop.
        while (try? await sleep(NodeRoster.tickPeriod)) != nil { passTime() }
    }

    /// Lets the roster judge the silence up to now.
    package func passTime() {
        if roster.tick(at: resources.time.now()) { wakeups.bell.ring() }
    }

    /// Judges one heartbeat. Only an accepted one renews the node's lease.
    package func heartbeat(_ heartbeat: Heartbeat) async -> HeartbeatReply {
        let now = resources.time.now()
        let identity = resources.store.identity
        var reply = HeartbeatReply(
            accepted: true, intervalMilliseconds: 0, incarnation: identity.incarnation, startID: identity.start,
            revision: revision.rawValue)
        switch roster.hear(heartbeat, at: now) {
        case .success(let isNews):
            if isNews { wakeups.bell.ring() }
            agreed?.ring()
        case .failure(let refusal):
            logger.warning(
                "heartbeat refused", metadata: ["node": "\(heartbeat.node)", "reason": "\(refusal.reason)"])
            reply.accepted = false
            reply.reason = refusal.reason
            reply.message = refusal.message
        }
        reply.intervalMilliseconds = roster.interval(of: heartbeat.node).wholeNanoseconds / 1_000_000
        return reply
    }

    /// Whether all `nodes` renew often enough for a `stop` grant with this `after`; asks those that do not.
    package func agree(after: Duration, on nodes: [NodeID]) -> Bool {
        let now = resources.time.now()
        return nodes.reduce(true) { roster.agree(after: after, on: $1, at: now) && $0 }
    }

    /// What may be granted now, as the controller's own state and that of its nodes has it.
    package func permission() async -> GrantPermission { .open }

    /// Whether the agent of `node` is to say what the node holds, because it was confirmed dead and is heard again.
    package func wantsInventory(_ node: NodeID) -> Bool { false }

    /// Judges what a node holds that was confirmed dead and is heard again: all of it ends, and once nothing is left the
    /// node's heartbeats are accepted. Of any other node nothing is asked.
    package func take(_ inventory: Inventory) async -> InventoryReply {
        InventoryReply(incarnation: resources.store.identity.incarnation, isSettled: true)
    }

    /// When each known node's last renewal was processed, and how often it renews.
    package func leases() -> [(node: NodeID, processed: Instant, interval: Duration)] {
        roster.renewals.sorted { $0.key < $1.key }.map { ($0.key, $0.value, roster.interval(of: $0.key)) }
    }

    /// Observes, plans and writes once.
    package func tick() async {
        do throws(APIError) {
            let slices = try await mirror.all(Kinds.Slice.self)
            let tasks = try await mirror.all(Kinds.Task.self).objects
            let nodes = try await mirror.all(Kinds.Node.self).objects
            revision = max(revision, slices.revision)
            let granted = slices.objects.filter { $0.status.grant != nil && $0.status.state != .released }
            roster.learn(nodes: nodes, granted: granted, at: resources.time.now())
            roster.forgetDeleted(existing: Set(nodes.map { NodeID($0.metadata.name) }))
            let seen = NodeObservation(
                nodes: nodes, granted: granted,
                tasks: Dictionary(
                    tasks.map { ("\($0.metadata.namespace)/\($0.metadata.name)", $0) },
                    uniquingKeysWith: { first, _ in first }),
                liveness: roster.states, lost: roster.lost, now: Timestamp(resources.time.wall()))
            for transaction in NodePlan.plan(seen).transactions {
                await writer.write([transaction.changes], events: transaction.events, about: transaction.subject)
            }
        } catch {
            logger.warning("nodes cannot be read", metadata: ["error": "\(error)"])
        }
    }
}
