import Logging
import ServiceLifecycle
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Takes released slices out of the NodeAllocation records, so that their shares can be granted again.
package actor AllocationReconciler: Service {
    private let resources: Resources
    private let wakeups: Wakeups
    private let logger: Logger
    private var slices = ObjectCache<Kinds.Slice>()

    package init(resources: Resources, sleep: @escaping Sleep, logger: Logger) {
        self.resources = resources
        self.logger = logger
        wakeups = Wakeups(resources: resources, kinds: [Kinds.Slice.info], period: .seconds(5), sleep: sleep)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.wakeups.run { await self.tick() } }
    }

    /// Observes, plans and writes once.
    package func tick() async {
        do throws(APIError) {
            // Records before slices: a holding that is seen has its slice's grant written already.
            let records = try await resources.records(prefix: NodeAllocation.prefix)
            let slices = try self.slices.objects(of: try await resources.list(Kinds.Slice.info))
            let byUID = Dictionary(slices.map { (SliceUID($0.metadata.uid), $0) }, uniquingKeysWith: { first, _ in first })
            for stored in records {
                guard let record = NodeAllocation(stored: stored.value) else {
                    logger.error("a record cannot be read", metadata: ["key": "\(stored.key)"])
                    continue
                }
                let seen = AllocationObservation(record: record, revision: stored.revision, slices: byUID)
                await write(AllocationPlan.plan(seen), over: seen)
            }
        } catch {
            logger.warning("allocations cannot be read", metadata: ["error": "\(error)"])
        }
    }

    private func write(_ plan: AllocationPlan, over seen: AllocationObservation) async {
        guard let record = plan.record else { return }
        logger.debug("planned", metadata: ["plan": "\(plan)"])
        do throws(APIError) {
            _ = try await resources.transact([
                .putRecord(key: NodeAllocation.key(record.node), record.json, expected: seen.revision)
            ])
        } catch {
            // A grant came in between; the next tick looks again.
            logger.debug("a record moved first", metadata: ["node": "\(record.node)", "error": "\(error)"])
        }
    }
}
