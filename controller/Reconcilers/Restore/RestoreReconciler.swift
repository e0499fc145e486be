import Logging
import ServiceLifecycle
import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Brings a store that was made from a backup back into agreement with what the nodes run (section 4, Restore): waits until
/// every node has said what it holds, adopts what belongs to jobs that the store knows, has the rest ended, and only then
/// lets anything be granted.
///
/// What is decided lies in the store: a controller that is restarted half-way asks the nodes again and comes to the same.
package actor RestoreReconciler: Service {
    private let mirror: ObjectMirror
    private let resources: Resources
    private let wakeups: Wakeups
    private let writer: PlanWriter
    private let logger: Logger
    /// Rung when the restore is over, for whoever plans grants.
    private let settled: Bell?
    private var inventories: [NodeID: Inventory] = [:]
    /// What the last tick decided that each node is to end.
    private var stops: [NodeID: [InventoryReply.Stop]] = [:]
    /// How far the last tick found the restore, in sentences.
    private var progress: String?
    /// Who was told that the store knows all that it runs.
    private var told: Set<NodeID> = []
    /// Nil while the store was not asked yet; it never goes back to true.
    private var isRestoring: Bool?

    /// - Parameter settled: rung when the restore is over.
    package init(mirror: ObjectMirror, sleep: @escaping Sleep, logger: Logger, settled: Bell? = nil) {
        self.mirror = mirror
        resources = mirror.resources
        self.logger = logger
        self.settled = settled
        writer = PlanWriter(resources: resources, component: "restore-reconciler", logger: logger)
        wakeups = Wakeups(
            resources: resources, kinds: [Kinds.Node.info, Kinds.Job.info], period: .seconds(2), sleep: sleep)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Whether the node is to say what it holds: during a restore again and again, and afterwards once, because an agent
    /// that learns of a new incarnation ends nothing until it is told that all is in the store.
    package func wantsInventory(of node: NodeID) async -> Bool {
        if await restoring() { return true }
        return !resources.store.identity.ancestors.isEmpty && !told.contains(node)
    }

    /// Takes what a node holds, and says what of it must end.
    package func take(_ inventory: Inventory) async -> InventoryReply {
        let incarnation = resources.store.identity.incarnation
        guard await restoring() else {
            told.insert(inventory.node)
            return InventoryReply(incarnation: incarnation, isSettled: true)
        }
        if inventories.updateValue(inventory, forKey: inventory.node) != inventory { wakeups.bell.ring() }
        let held = Set(inventory.held.map { Held(uid: $0.uid, epoch: Epoch($0.grant.epoch)) })
        let stop = stops[inventory.node, default: []].filter { held.contains(Held(uid: $0.uid, epoch: $0.epoch)) }
        return InventoryReply(incarnation: incarnation, stop: stop, isSettled: false)
    }

    /// Nothing is granted while a restore is under way.
    package func permission() async -> GrantPermission {
        guard await restoring() else { return .open }
        let message = progress ?? "The store was restored from a backup, and nothing is granted until it is read."
        return GrantPermission(
            everything: GrantPermission.Hold(reason: RestorePlan.holdReason, message: message))
    }

    /// Observes, plans and writes once; without effect when no restore is under way.
    package func tick() async {
        guard await restoring(), await resources.halt.message == nil else { return }
        do throws(APIError) {
            guard let (record, revision) = try await resources.restoreRecord() else { return }
            let plan = RestorePlan.plan(try await observe(record))
            progress = plan.progress(of: record)
            for step in plan.steps { await write(step) }
            stops = plan.stops
            if !plan.steps.isEmpty {
                logger.debug("planned", metadata: ["plan": "\(plan)"])
                wakeups.bell.ring()
            }
            if plan.isOver { try await finish(record, revision) }
        } catch {
            logger.warning("the restore cannot go on", metadata: ["error": "\(error)"])
        }
    }

    /// What the nodes said comes before what the store says: what a node no longer holds is written by then.
    private func observe(_ record: RestoreRecord) async throws(APIError) -> RestoreObservation {
        let inventories = inventories
        var allocations: [NodeID: RestoreObservation.StoredAllocation] = [:]
        for stored in try await resources.records(prefix: NodeAllocation.prefix) {
            guard let record = NodeAllocation(stored: stored.value) else {
                throw .internalError("\(stored.key) cannot be read")
            }
            allocations[record.node] = .init(record: record, revision: stored.revision)
        }
        return RestoreObservation(
            record: record, inventories: inventories, nodes: try await mirror.all(Kinds.Node.self).objects.values,
            jobs: try await mirror.all(Kinds.Job.self).objects.values,
            slices: try await mirror.all(Kinds.Slice.self).objects.values,
            tasks: try await mirror.all(Kinds.Task.self).objects.values, allocations: allocations,
            endingNamespaces: Set(
                try await mirror.all(Kinds.Namespace.self).objects.filter(\.metadata.isTerminating)
                    .map(\.metadata.name)), now: Timestamp(resources.time.wall()))
    }

    private func write(_ step: RestorePlan.Step) async {
        switch step {
        case .write(let subject, let changes, let events):
            await writer.write([changes], events: events, about: subject)
        case .allocation(let record, let expected):
            do throws(APIError) {
                try await resources.transact([
                    .putRecord(key: NodeAllocation.key(record.node), record.json, expected: expected)
                ])
            } catch {
                logger.warning("a record was not written", metadata: ["node": "\(record.node)", "error": "\(error)"])
            }
        }
    }

    private func finish(_ record: RestoreRecord, _ revision: Revision) async throws(APIError) {
        try await resources.transact([.deleteRecord(key: RestoreRecord.key, expected: revision)])
        isRestoring = false
        inventories = [:]
        progress = nil
        logger.notice(
            "the restore is over: grants go on",
            metadata: ["incarnation": "\(record.incarnation)", "nodes": "\(record.waitsFor.count)"])
        settled?.ring()
    }

    private struct Held: Hashable {
        var uid: SliceUID
        var epoch: Epoch
    }

    private func restoring() async -> Bool {
        if let isRestoring, !isRestoring { return false }
        let isRestoring = await resources.isRestoring()
        self.isRestoring = isRestoring
        return isRestoring
    }
}
