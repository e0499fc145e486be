import TidemillModel
import TidemillSeams
import TidemillStore

/// What the reconciler knows of records and slices from one tick to the next, and which records are to be looked at. A
/// value: what was read goes in, and only what changed is looked at.
struct AllocationsView: Sendable {
    private var allocations = Copies<NodeAllocation>()
    private var slices = Copies<Kinds.Slice>()

    private var records: [NodeID: Copies<NodeAllocation>.Item] = [:]
    private var slicesByUID: [SliceUID: Copies<Kinds.Slice>.Item] = [:]
    /// Nodes whose record, or a slice that may be in it, has changed since nothing of it was to be freed.
    private var stale: Set<NodeID> = []

    var isSettled: Bool { stale.isEmpty }

    mutating func take(_ new: Copies<NodeAllocation>) {
        for change in new.differences(from: allocations) {
            if let old = change.old?.value.node { records[old] = nil }
            guard let item = change.new else { continue }
            records[item.value.node] = item
            stale.insert(item.value.node)
        }
        allocations = new
    }

    mutating func take(_ new: Copies<Kinds.Slice>) {
        for change in new.differences(from: slices) {
            if let old = change.old, old.value.metadata.uid != change.new?.value.metadata.uid {
                slicesByUID[SliceUID(old.value.metadata.uid)] = nil
            }
            if let item = change.new { slicesByUID[SliceUID(item.value.metadata.uid)] = item }
            let (old, new) = (change.old?.value, change.new?.value)
            let isReleased = new?.status.state == .released
            // Epochs count on each node by itself.
            let isOther = old?.status.grant != new?.status.grant || old?.metadata.uid != new?.metadata.uid
            guard isReleased || isOther else { continue }
            for node in [old?.status.grant?.node, new?.status.grant?.node].compactMap({ $0 }) {
                stale.insert(NodeID(node))
            }
        }
        slices = new
    }

    /// The records to be looked at now, by node.
    var due: [AllocationObservation] {
        stale.sorted().compactMap { records[$0] }.map { item in
            let held = item.value.held.compactMap { holding in
                slicesByUID[holding.sliceUID].map { (holding.sliceUID, $0.value) }
            }
            return AllocationObservation(
                record: item.value, revision: item.revision,
                slices: Dictionary(held, uniquingKeysWith: { first, _ in first }))
        }
    }

    /// All that is due was looked at. What was to be freed is looked at again, until it is.
    mutating func looked(leaving nodes: [NodeID]) { stale = Set(nodes) }
}
