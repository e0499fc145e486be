import Logging
import ServiceLifecycle
import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Acknowledges heartbeats and writes what they mean: node states, and slices that are Lost when their own `after` has
/// run out or their node was confirmed dead. Says what the controller allows itself to grant.
///
/// Heartbeats never wait for the store: they are judged and answered from memory. Only the first ones after a start wait
/// until the nodes have been read, and a node's very first one until it is among those that joined.
package actor NodeLifecycle: Service {
    private let mirror: ObjectMirror
    private let resources: Resources
    private let joins: any JoinLog
    private let sleep: Sleep
    private let wakeups: Wakeups
    private let writer: PlanWriter
    private let logger: Logger
    private var roster: NodeRoster
    private var view = GrantedView()
    private var revision: Revision
    /// Nodes that are known to be among those that joined; nil until the log has been read.
    private var joined: Set<NodeID>?
    private var hasLooked = false
    /// Who waits for the look that is under way; nil when none is.
    private var lookers: [CheckedContinuation<Void, Never>]?
    private var refusals = RefusalLog()
    /// What was last said in the log of the controller's own state.
    private var standing: (halt: GrantPermission.Hold?, suspicion: GrantPermission.Hold?)
    /// Rung when a node has agreed to a shorter interval or has become Ready, or when a hold ends, for whoever plans grants.
    private let agreed: Bell?

    private static let joinNotRecorded = "JoinNotRecorded"

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
        roster = NodeRoster(rollback: RollbackCheck(resources.store.identity))
        writer = PlanWriter(resources: resources, component: "node-lifecycle", logger: logger)
        wakeups = Wakeups(
            resources: resources, kinds: [Kinds.Node.info, Kinds.Slice.info], period: .seconds(2), sleep: sleep,
            rest: .times(10, atMost: .seconds(1)))
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
        guard roster.tick(at: resources.time.now()) else { return }
        wakeups.bell.ring()
        agreed?.ring()
        tell()
    }

    // MARK: What agents say

    /// Judges one heartbeat. Only an accepted one renews the node's lease.
    package func heartbeat(_ heartbeat: Heartbeat) async -> HeartbeatReply {
        do throws(NodeIdentities.Refusal) {
            try await welcome(heartbeat)
            // From here on nothing is waited for.
            let isNews = try roster.hear(heartbeat, current: revision, at: resources.time.now()).get()
            if isNews { wakeups.bell.ring() }
            // Nobody waits for the others: a scheduler that every heartbeat wakes plans all the time.
            if isNews || roster.isPlanned(heartbeat.node) { agreed?.ring() }
            if refusals.accepted(heartbeat) {
                logger.info("heartbeats accepted", metadata: ["node": "\(heartbeat.node)"])
            }
            return reply(to: heartbeat.node)
        } catch {
            if let halt = roster.halt { await resources.halt.stop(halt.message) }
            if refusals.refused(heartbeat, error.reason) {
                logger.warning(
                    "heartbeats refused",
                    metadata: [
                        "node": "\(heartbeat.node)", "agentStart": "\(heartbeat.agentStart)",
                        "reason": "\(error.reason)",
                        "message": "\(error.message)",
                    ])
            }
            tell()
            return reply(to: heartbeat.node, refusal: error)
        }
    }

    private func reply(to node: NodeID, refusal: NodeIdentities.Refusal? = nil) -> HeartbeatReply {
        let identity = resources.store.identity
        return HeartbeatReply(
            accepted: refusal == nil, reason: refusal?.reason, message: refusal?.message,
            intervalMilliseconds: roster.interval(of: node).wholeNanoseconds / 1_000_000,
            incarnation: identity.incarnation, startID: identity.start, revision: revision.rawValue,
            wantsInventory: roster.wantsInventory(node))
    }

    /// Waits for what a heartbeat must not be judged without: the nodes of the store, its newest revision where the agent
    /// has seen a newer one, and the node's place among those that joined.
    private func welcome(_ heartbeat: Heartbeat) async throws(NodeIdentities.Refusal) {
        if !hasLooked { await lookFirst() }
        guard hasLooked, let joined else {
            throw NodeIdentities.Refusal(
                reason: FirstHearing.reason, message: "The controller has just started and cannot read its nodes yet.")
        }
        if let seen = heartbeat.lastRevision, seen > revision.rawValue {
            revision = max(revision, await resources.store.currentRevision())
        }
        if joined.contains(heartbeat.node) { return }
        if let refusal = roster.examine(heartbeat, current: revision) { throw refusal }
        do throws(StoreError) {
            try await joins.join(heartbeat.node)
            self.joined?.insert(heartbeat.node)
        } catch {
            if !refusals.hasTold(heartbeat, Self.joinNotRecorded) {
                logger.error("a join cannot be recorded", metadata: ["node": "\(heartbeat.node)", "error": "\(error)"])
            }
            throw NodeIdentities.Refusal(
                reason: Self.joinNotRecorded,
                message: "The controller cannot record that node \(heartbeat.node) has joined.")
        }
    }

    /// Whether the agent of `node` is to say what the node holds, because it was confirmed dead and is heard again.
    package func wantsInventory(_ node: NodeID) -> Bool { roster.wantsInventory(node) }

    /// Judges what a node holds that was confirmed dead and is heard again: all of it ends, and once nothing is left the
    /// node's heartbeats are accepted. Of any other node nothing is asked.
    package func take(_ inventory: Inventory) async -> InventoryReply {
        if !hasLooked { await lookFirst() }
        let incarnation = resources.store.identity.incarnation
        guard hasLooked, roster.halt == nil else { return InventoryReply(incarnation: incarnation, isSettled: false) }
        let (stop, isSettled) = roster.take(inventory)
        if isSettled { wakeups.bell.ring() }
        return InventoryReply(incarnation: incarnation, stop: stop, isSettled: isSettled)
    }

    /// Whether an inventory comes from the agent process that renews its node. Nobody else is believed: a copy of the agent
    /// that is refused knows nothing of what the node holds.
    package func believes(_ inventory: Inventory) -> Bool { roster.believes(inventory) }

    /// The life of the store.
    nonisolated package var incarnation: IncarnationID { resources.store.identity.incarnation }

    // MARK: What others ask

    /// What may be granted now, as the controller's own state and that of its nodes has it.
    package func permission() async -> GrantPermission {
        if !hasLooked { await lookFirst() }
        return roster.permission(at: resources.time.now())
    }

    /// Whether all `nodes` renew often enough for a `stop` grant with this `after`; asks those that do not.
    package func agree(after: Duration, on nodes: [NodeID]) -> Bool {
        let now = resources.time.now()
        return nodes.reduce(true) { roster.agree(after: after, on: $1, at: now) && $0 }
    }

    /// When each known node's last renewal was processed, and how often it renews.
    package func leases() -> [(node: NodeID, processed: Instant, interval: Duration)] {
        roster.renewals.sorted { $0.key < $1.key }.map { ($0.key, $0.value, roster.interval(of: $0.key)) }
    }

    // MARK: The tick

    /// Observes, plans and writes once.
    package func tick() async {
        guard var seen = await look() else { return }
        seen.isRestoring = await resources.isRestoring()
        for transaction in NodePlan.plan(seen).transactions {
            await writer.write([transaction.changes], events: transaction.events, about: transaction.subject)
        }
        if seen.isRestoring { return }
        for node in roster.forgetDeleted(existing: view.existing) {
            // Heard again while others were struck off: it has joined, and stays among those who did.
            if roster.knows(node) { continue }
            refusals.forget(node)
            do throws(StoreError) {
                joined?.remove(node)
                try await joins.leave(node)
            } catch {
                logger.error("a leave cannot be recorded", metadata: ["node": "\(node)", "error": "\(error)"])
            }
        }
    }

    /// Looks once for all who cannot be answered before: when a controller starts, every agent asks at the same time.
    private func lookFirst() async {
        if lookers != nil { return await withCheckedContinuation { lookers?.append($0) } }
        lookers = []
        await look()
        let waiting = lookers ?? []
        lookers = nil
        for looker in waiting { looker.resume() }
    }

    /// Reads the store and lets the roster learn of it; nil when it cannot be read.
    @discardableResult
    private func look() async -> NodeObservation? {
        do throws(APIError) {
            // Nodes before what is granted on them: a Node that is being deleted gets nothing new.
            let nodes = try await mirror.all(Kinds.Node.self).objects
            let slices = try await mirror.all(Kinds.Slice.self)
            let tasks = try await mirror.all(Kinds.Task.self).objects
            let jobs = try await mirror.all(Kinds.Job.self).objects
            if joined == nil { joined = await joins.nodes() }
            let (now, wall) = (resources.time.now(), resources.time.wall())
            revision = max(revision, slices.revision)
            // From here on nothing is waited for: the roster learns all that the view takes in.
            view.take(nodes)
            view.take(slices.objects)
            view.take(jobs)
            let all = nodes.values
            roster.learn(nodes: all, holding: view.holding, changed: view.due(and: roster.unlearned), at: now)
            hasLooked = true
            return NodeObservation(roster, view, nodes: all, tasks: tasks, at: now, wall: wall)
        } catch {
            logger.warning("nodes cannot be read", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Logs what has changed of the controller's own state.
    private func tell() {
        let now = (halt: roster.halt, suspicion: roster.suspicion)
        if let halt = now.halt, standing.halt == nil {
            wakeups.bell.ring()
            logger.critical("halted", metadata: ["why": "\(halt.message)"])
        }
        switch (standing.suspicion, now.suspicion) {
        case (nil, let suspicion?):
            logger.error("the controller suspects itself", metadata: ["why": "\(suspicion.message)"])
        case (_?, nil): logger.notice("the controller no longer suspects itself")
        default: break
        }
        standing = now
    }
}

extension RollbackCheck {
    init(_ identity: StoreIdentity) {
        self.init(
            incarnation: identity.incarnation, ancestors: identity.ancestors,
            starts: identity.starts.map { Start(id: $0.id, firstRevision: $0.firstRevision) })
    }
}
