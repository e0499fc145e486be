import Logging
import ServiceLifecycle
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Takes released slices out of the NodeAllocation records, so that their shares can be granted again.
package actor AllocationReconciler: Service {
    private let mirror: ObjectMirror
    private let resources: Resources
    private let wakeups: Wakeups
    private let logger: Logger
    private let freed: Bell?
    private var view = AllocationsView()
    /// The revision that the view shows.
    private var seenAt: Revision?

    /// - Parameter freed: rung when shares came free, for whoever plans grants.
    package init(mirror: ObjectMirror, sleep: @escaping Sleep, logger: Logger, freed: Bell? = nil) {
        self.mirror = mirror
        resources = mirror.resources
        self.logger = logger
        self.freed = freed
        wakeups = Wakeups(
            resources: resources, kinds: [Kinds.Slice.info], period: .seconds(5), sleep: sleep, rest: .moment)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Observes, plans and writes once; returns at once when nothing has changed since nothing was to be done, and
    /// while a restore is under way.
    package func tick() async {
        let revision = await resources.store.currentRevision()
        if seenAt == revision, view.isSettled { return }
        if await resources.isResting() { return }
        do throws(APIError) {
            // Records before slices: a holding that is seen has its slice's grant written already.
            view.take(try await mirror.allocations())
            view.take(try await mirror.all(Kinds.Slice.self).objects)
            seenAt = revision
        } catch {
            logger.warning("allocations cannot be read", metadata: ["error": "\(error)"])
            return
        }
        let freeing = view.due.map { ($0, AllocationPlan.plan($0)) }.filter { $0.1.record != nil }
        view.looked(leaving: freeing.map(\.0.record.node))
        for (seen, plan) in freeing { await write(plan, over: seen) }
    }

    private func write(_ plan: AllocationPlan, over seen: AllocationObservation) async {
        guard let record = plan.record else { return }
        logger.debug("planned", metadata: ["plan": "\(plan)"])
        do throws(APIError) {
            _ = try await resources.transact([
                .putRecord(key: NodeAllocation.key(record.node), record.json, expected: seen.revision)
            ])
            freed?.ring()
        } catch {
            // A grant came in between; the next tick looks again.
            logger.debug("a record moved first", metadata: ["node": "\(record.node)", "error": "\(error)"])
        }
    }
}
