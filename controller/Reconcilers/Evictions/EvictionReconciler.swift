import Logging
import ServiceLifecycle
import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Empties nodes that operators drain, put into maintenance or taint with NoExecute.
package actor EvictionReconciler: Service {
    private let mirror: ObjectMirror
    private let resources: Resources
    private let permission: @Sendable () async -> GrantPermission
    private let wakeups: Wakeups
    private let writer: PlanWriter
    private let logger: Logger
    /// The revision at which nothing was left to do, what was withheld then, and until when that holds.
    private var settled: (at: Revision, hold: GrantPermission.Hold?, until: Timestamp?)?
    /// The nodes when none of them had a measure in force, and nothing was told of an earlier one.
    private var quiet: Copies<Kinds.Node>?

    /// - Parameter permission: what the controller allows itself now. As long as it withholds replacements or everything,
    ///   no eviction begins.
    package init(
        mirror: ObjectMirror, permission: @escaping @Sendable () async -> GrantPermission, sleep: @escaping Sleep,
        logger: Logger
    ) {
        self.mirror = mirror
        resources = mirror.resources
        self.permission = permission
        self.logger = logger
        writer = PlanWriter(resources: resources, component: "eviction-reconciler", logger: logger)
        wakeups = Wakeups(
            resources: resources, kinds: [Kinds.Node.info, Kinds.Slice.info, Kinds.Job.info], period: .seconds(1),
            sleep: sleep)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Observes, plans and writes once; returns at once when nothing has changed since nothing was to be done, and while a
    /// restore is under way.
    package func tick() async {
        let revision = await resources.store.currentRevision()
        let now = Timestamp(resources.time.wall())
        let allowed = await permission()
        let hold = allowed.everything ?? allowed.replacements
        if let settled, settled.at == revision, settled.hold == hold, settled.until.map({ now < $0 }) ?? true { return }
        settled = nil
        if await resources.isResting() { return }
        do throws(APIError) {
            let plan = EvictionPlan.plan(try await observe(hold, now))
            if plan.transactions.isEmpty { settled = (revision, hold, plan.wakeAt) }
            for transaction in plan.transactions {
                logger.debug(
                    "planned", metadata: ["subject": "\(transaction.subject)", "plan": "\(transaction.changes)"])
                await writer.write([transaction.changes], events: transaction.events, about: transaction.subject)
            }
        } catch {
            logger.warning("evictions cannot be planned", metadata: ["error": "\(error)"])
        }
    }

    private func observe(
        _ hold: GrantPermission.Hold?, _ now: Timestamp
    ) async throws(APIError) -> EvictionObservation {
        let all = try await mirror.all(Kinds.Node.self).objects
        let changed = all.differences(from: quiet ?? Copies()).compactMap(\.new?.value)
        let isQuiet = changed.allSatisfy { !Measure(node: $0, now: now).isInForce }
        let wasTold = changed.contains { $0.status.conditions.contains { $0.type == DrainingCondition.type } }
        quiet = isQuiet && !wasTold ? all : nil
        if isQuiet, !wasTold { return EvictionObservation(nodes: [], jobs: [], held: [], now: now) }
        let nodes = all.values
        let slices = try await mirror.all(Kinds.Slice.self).objects.values
        return EvictionObservation(
            nodes: nodes, jobs: try await mirror.all(Kinds.Job.self).objects.values,
            held: slices.filter { $0.status.grant != nil && $0.status.state != .released }, hold: hold, now: now)
    }
}
