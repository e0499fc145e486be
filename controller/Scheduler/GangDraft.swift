import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore
import TidemillWire

/// The writes that give one gang its grants: each part is one transaction, the last one commits the gang.
///
/// Every part compares the records and slices that it was planned on, so no share is granted twice (invariant 1a), and
/// agents act on nothing before the gang record says Committed (invariant 5).
package struct GangDraft: Sendable {
    package struct Part: Sendable {
        package var slices: [Kinds.Slice]
        /// Nodes whose record the part writes, with the record as it then stands.
        package var records: [NodeID: NodeAllocation]
        /// The job, in the last part.
        package var job: Kinds.Job?
    }

    package var parts: [Part]
    /// The ledger after all parts; its revisions are still the old ones.
    package var ledger: Ledger

    /// Members of one part; with a record each, the job and an event it stays under the store's 128 operations.
    static let membersPerPart = 50

    /// - Parameter token: revision of the snapshot that the members were planned on.
    package init(_ gang: DraftingGang, members: [PlannedMember], ledger: Ledger, token: Token, now: Timestamp) {
        self.ledger = ledger
        parts = []
        let pairs = Array(zip(members, gang.slices))
        for start in stride(from: 0, to: pairs.count, by: Self.membersPerPart) {
            var part = Part(slices: [], records: [:], job: nil)
            for (member, slice) in pairs[start..<min(start + Self.membersPerPart, pairs.count)] {
                let epoch = self.ledger.enter(member, slice: slice)
                part.slices.append(Self.reserved(slice, member, epoch: epoch, token: token, now: now))
                part.records[member.node] = self.ledger.pages[member.node]?.record
            }
            parts.append(part)
        }
        if !parts.isEmpty { parts[parts.count - 1].job = Self.committed(gang.job, members, now: now) }
    }

    private static func reserved(
        _ slice: Kinds.Slice, _ member: PlannedMember, epoch: Epoch, token: Token, now: Timestamp
    ) -> Kinds.Slice {
        let policy = slice.spec.onDisconnect
        var next = slice
        next.status.state = .reserved
        next.status.reason = nil
        next.status.message = nil
        // What the node says about this grant must not be mistaken for what it said about an earlier one.
        next.status.refusedBy.removeAll { $0.node == member.node.rawValue }
        next.status.grant = Kinds.Grant(
            node: member.node.rawValue, bootID: member.bootID.rawValue, epoch: epoch.rawValue, token: token.rawValue,
            sliceUID: slice.metadata.uid, shares: member.shares.map(\.share), policy: policy.policy,
            after: policy.effectiveAfter.map { policy.after ?? APIDuration($0) })
        next.status.conditions.set(
            Kinds.Condition(
                type: "Scheduled", status: .true, observedGeneration: slice.metadata.generation,
                lastTransitionTime: now,
                reason: "Placed", message: "Granted on \(member.node)."))
        return next
    }

    private static func committed(_ job: Kinds.Job, _ members: [PlannedMember], now: Timestamp) -> Kinds.Job {
        var next = job
        let nodes = Set(members.map(\.node.rawValue)).sorted()
        next.status.state = .queued
        next.status.reason = nil
        next.status.message = nil
        next.status.nextAttemptAt = nil
        next.status.gang?.state = .committed
        next.status.gang?.nodes = nodes
        next.status.conditions.set(
            Kinds.Condition(
                type: "Scheduled", status: .true, observedGeneration: job.metadata.generation, lastTransitionTime: now,
                reason: "Placed", message: "\(counted(members.count, "member")) on \(nodes.joined(separator: ", "))."))
        return next
    }
}

extension DraftingGang {
    /// The gang's objects with the reason for which it waits; empty when they say so already.
    func waiting(_ reason: String, _ message: String, now: Timestamp) -> [any WireObject] {
        var changed: [any WireObject] = []
        for slice in slices where slice.status.reason != reason || slice.status.message != message {
            var next = slice
            next.status.reason = reason
            next.status.message = message
            next.status.conditions.set(
                Self.unscheduled(reason, message, generation: slice.metadata.generation, now: now))
            changed.append(next)
        }
        if job.status.reason != reason || job.status.message != message {
            var next = job
            next.status.reason = reason
            next.status.message = message
            next.status.conditions.set(Self.unscheduled(reason, message, generation: job.metadata.generation, now: now))
            changed.append(next)
        }
        return changed
    }

    private static func unscheduled(_ reason: String, _ message: String, generation: Int64, now: Timestamp)
        -> Kinds.Condition
    {
        Kinds.Condition(
            type: "Scheduled", status: .false, observedGeneration: generation, lastTransitionTime: now, reason: reason,
            message: message)
    }
}
