import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore

/// What to write about nodes that were heard or fell silent, and about what they hold.
package struct NodePlan: Sendable {
    /// Each is written by itself; one that fails does not hold up the others.
    package var transactions: [(subject: String, changes: [PlannedChange], events: [PlannedEvent])]

    /// Keeps a deleted Node until nothing is granted on it.
    package static let slicesFinalizer = "tidemill.dev/slices"

    /// Detection frees nothing and ends nothing: it marks. Only a slice whose own `after` has run out is Lost, with its
    /// task Fenced in the same transaction (invariant 1b); a `keep` slice only with its node, by an operator's word. A
    /// controller that has halted writes why, and nothing else; while the store is being restored, only what is known of
    /// the nodes themselves is written.
    package static func plan(_ seen: NodeObservation) -> NodePlan {
        var plan = NodePlan(transactions: [])
        for node in seen.nodes {
            plan.mark(node, isHolding: seen.isRestoring || seen.holding.contains(NodeID(node.metadata.name)), seen)
        }
        if seen.halt != nil || seen.isRestoring { return plan }
        // The node is Lost first: a controller that starts in between knows by it that the word was believed.
        let lost = Set(seen.nodes.filter { $0.status.state == .lost }.map(\.metadata.name))
        for slice in seen.granted {
            guard let grant = slice.status.grant else { continue }
            let standing = seen.standings[NodeID(grant.node)]
            if let standing, standing.isDead {
                if lost.contains(grant.node) { plan.bury(slice, grant, standing, seen) }
            } else if seen.lost.contains(SliceUID(slice.metadata.uid)) {
                plan.lose(slice, grant, .silence, standing, seen)
            } else if let standing {
                plan.mark(slice, grant, standing, seen)
            }
        }
        return plan
    }

    private mutating func mark(_ node: Kinds.Node, isHolding: Bool, _ seen: NodeObservation) {
        let name = NodeID(node.metadata.name)
        guard let standing = seen.standings[name] else { return }
        var report = NodeReport(node, standing: standing, isHolding: isHolding, now: seen.now)
        if let halt = seen.halt { report.stop(halt) } else { report.judge() }
        guard report.next != node else { return }
        let isDeclared = report.next.spec != node.spec || report.next.metadata != node.metadata
        transactions.append(
            ("node \(name)", [isDeclared ? .metadata(report.next) : .status(report.next)], report.events))
    }
}

extension NodePlan: CustomStringConvertible {
    package var description: String {
        transactions.flatMap { transaction in transaction.changes.map(\.description) }.joined(separator: "\n")
    }
}
