import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// What the nodes hold, as against what the restored store thinks.
extension RestorePlan {
    /// Releases what the store thinks granted and no node holds: it ended after the backup was taken, or on a node that was
    /// confirmed dead.
    mutating func release(_ seen: RestoreObservation, reported: Set<SliceUID>, dead: Set<NodeID>) {
        let tasks = Dictionary(
            seen.tasks.map { ("\($0.metadata.namespace)/\($0.metadata.name)", $0) },
            uniquingKeysWith: { first, _ in first })
        for slice in seen.slices {
            guard let grant = slice.status.grant, slice.status.state != .released, slice.status.state != .pending,
                !reported.contains(SliceUID(slice.metadata.uid))
            else { continue }
            let isDead = dead.contains(NodeID(grant.node))
            let reason = isDead ? "NodeLost" : Self.reason
            let message =
                isDead
                ? "Node \(grant.node) was confirmed dead."
                : "Node \(grant.node) holds nothing of the slice; how it ended is not in the backup."
            var next = slice
            next.status.state = .released
            next.status.reason = reason
            next.status.message = message
            next.status.releasedAt = seen.now
            var changes: [PlannedChange] = [.status(next)]
            let path = "\(slice.metadata.namespace)/\(slice.metadata.name)"
            if var task = tasks[path], !task.status.state.isFinal, task.status.state != .pending {
                task.status.state = .lost
                task.status.end = Kinds.TaskEnd(
                    reason: reason, message: message, startedAt: task.status.startedAt, finishedAt: seen.now,
                    token: grant.token)
                changes.append(.status(task))
            }
            steps.append(.write(subject: "slice \(path)", changes, []))
        }
    }

    /// The records of the nodes: epochs above every reported one (invariant 9), and what was adopted as held (invariant 1a).
    mutating func count(_ claims: [Claim], _ reports: [NodeID: Inventory], _ seen: RestoreObservation) {
        let held = Dictionary(claims.map { ($0.report.uid, $0) }, uniquingKeysWith: { first, _ in first })
        var granted: [NodeID: [Kinds.Slice]] = [:]
        for slice in seen.slices {
            guard let grant = slice.status.grant, let claim = held[SliceUID(slice.metadata.uid)],
                claim.node.rawValue == grant.node, claim.report.grant.epoch == grant.epoch
            else { continue }
            granted[claim.node, default: []].append(slice)
        }
        for node in Set(reports.keys).union(seen.allocations.keys).sorted() {
            let stored = seen.allocations[node]
            let reported = reports[node].map { inventory in
                inventory.held.map { Epoch($0.grant.epoch) }.reduce(inventory.highestEpoch, max)
            }
            guard let boot = reports[node]?.bootID ?? stored?.record.bootID else { continue }
            var record = stored?.record ?? NodeAllocation(node: node, bootID: boot)
            record.bootID = boot
            if let reported, reported.rawValue > 0, record.epoch <= reported {
                record.epoch = Epoch(reported.rawValue + 1)
            }
            record.held = Self.holdings(granted[node] ?? [], in: stored?.record.held ?? [])
            if record != stored?.record, stored != nil || record.epoch.rawValue > 0 || !record.held.isEmpty {
                steps.append(.allocation(record, expected: stored?.revision))
            }
        }
    }

    /// By epoch. What was released a moment ago may still be there: freeing it is the AllocationReconciler's.
    private static func holdings(
        _ slices: [Kinds.Slice], in stored: [NodeAllocation.Holding]
    ) -> [NodeAllocation.Holding] {
        slices.compactMap { slice -> NodeAllocation.Holding? in
            guard let grant = slice.status.grant else { return nil }
            let holding = NodeAllocation.Holding(
                sliceUID: SliceUID(slice.metadata.uid), namespace: slice.metadata.namespace, slice: slice.metadata.name,
                epoch: Epoch(grant.epoch), shares: grant.shares)
            return slice.status.state != .released || stored.contains(holding) ? holding : nil
        }.sorted { $0.epoch < $1.epoch }
    }
}
