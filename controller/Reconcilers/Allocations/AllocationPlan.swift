import TidemillModel
import TidemillSeams
import TidemillStore

/// All that the reconciler saw of one node's record.
package struct AllocationObservation: Sendable {
    package var record: NodeAllocation
    package var revision: Revision
    /// Slices by uid; those that no longer exist are missing.
    package var slices: [SliceUID: Kinds.Slice]

    package init(record: NodeAllocation, revision: Revision, slices: [SliceUID: Kinds.Slice]) {
        self.record = record
        self.revision = revision
        self.slices = slices
    }
}

/// Which holdings of a node's record end, and why.
package struct AllocationPlan: Sendable, Equatable {
    /// The record to write; nil when nothing changes.
    package var record: NodeAllocation?
    /// A line for each holding that ends.
    package var freed: [String]

    /// A holding ends when its slice is Released, is gone (its finalizer is taken off only after the release), or holds
    /// another grant now. Shares never come free while the slice may still use them (invariant 1a).
    package static func plan(_ seen: AllocationObservation) -> AllocationPlan {
        var kept: [NodeAllocation.Holding] = []
        var freed: [String] = []
        for holding in seen.record.held {
            guard let why = whyFree(holding, on: seen.record.node, slice: seen.slices[holding.sliceUID]) else {
                kept.append(holding)
                continue
            }
            freed.append(
                "\(seen.record.node) frees \(holding.namespace)/\(holding.slice) epoch \(holding.epoch): \(why)")
        }
        guard !freed.isEmpty else { return AllocationPlan(record: nil, freed: []) }
        var record = seen.record
        record.held = kept
        return AllocationPlan(record: record, freed: freed)
    }

    private static func whyFree(_ holding: NodeAllocation.Holding, on node: NodeID, slice: Kinds.Slice?) -> String? {
        guard let slice else { return "the slice is gone" }
        guard let grant = slice.status.grant else { return "the slice holds no grant" }
        // A report whose epoch differs from the grant's is late; a holding whose epoch differs was replaced.
        guard grant.node == node.rawValue, grant.epoch == holding.epoch.rawValue else {
            return "the slice holds epoch \(grant.epoch) on \(grant.node)"
        }
        return slice.status.state == .released ? "released" : nil
    }
}

extension AllocationPlan: CustomStringConvertible {
    package var description: String { freed.joined(separator: "\n") }
}
