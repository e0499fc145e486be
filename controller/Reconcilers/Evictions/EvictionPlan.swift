import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore

/// All that the reconciler saw of the nodes, and of the slices that operators' measures may end.
package struct EvictionObservation: Sendable {
    package var nodes: [Kinds.Node]
    package var jobs: [Kinds.Job]
    /// Slices that carry a grant and are not Released.
    package var held: [Kinds.Slice]
    /// Why no eviction may begin now; nil when nothing is withheld.
    package var hold: GrantPermission.Hold?
    package var now: Timestamp

    package init(
        nodes: [Kinds.Node], jobs: [Kinds.Job], held: [Kinds.Slice], hold: GrantPermission.Hold? = nil, now: Timestamp
    ) {
        self.nodes = nodes.sorted { $0.metadata.name < $1.metadata.name }
        self.jobs = jobs
        self.held = held
        self.hold = hold
        self.now = now
    }
}

/// Which attempts and slices end because of a drain, a maintenance or a NoExecute taint, and what the nodes say of it.
///
/// 1. A gang is evicted whole, in one transaction with the entry in `evictedAt` that its budget counts (invariant 5).
/// 2. Nothing is evicted from a node that is not heard, nor while the controller suspects itself.
/// 3. An attempt that has not started yet is abandoned instead: nothing of it runs, so neither preemptibility nor budget
///    protects it.
/// 4. A drain spares nonPreemptible slices, and every measure keeps to the budget. Only a drain with `force` goes beyond
///    both, once its timeout is over. `maxConcurrent` holds always.
/// 5. Whatever waits is told in the node's condition `Draining`, with numbers (invariant 8).
package struct EvictionPlan: Sendable {
    /// Each is written by itself; one that fails does not hold up the others.
    package var transactions: [(subject: String, changes: [PlannedChange], events: [PlannedEvent])] = []
    /// When to look again though nothing changes.
    package var wakeAt: Timestamp?

    package static func plan(_ seen: EvictionObservation) -> EvictionPlan {
        var planner = EvictionPlanner(seen)
        return planner.plan()
    }
}

extension EvictionPlan: CustomStringConvertible {
    /// Every change on a line; of nodes also what they say.
    package var description: String {
        transactions.flatMap(\.changes).map { change in
            guard let node = change.object as? Kinds.Node,
                let told = node.status.conditions.first(where: { $0.type == DrainingCondition.type })
            else { return change.description }
            return
                "Node \(node.metadata.name) Draining=\(told.status.rawValue) \(told.reason ?? ""): \(told.message ?? "")"
        }.joined(separator: "\n")
    }
}

extension Timestamp {
    /// This point later by `duration`, rounded up to whole seconds.
    func later(by duration: Duration) -> Timestamp {
        let whole = (max(0, duration.wholeNanoseconds) + 999_999_999) / 1_000_000_000
        return Timestamp(seconds: seconds.addingReportingOverflow(whole).partialValue)
    }
}
