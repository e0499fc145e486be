import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// What a restore does next: whom it waits for, what the nodes are to end, what is written. Equal observations give equal
/// plans, and a plan carried out half-way is completed by the next one: what was decided lies in the store.
///
/// 1. Nothing is decided before every node of the roster has reported or was confirmed dead.
/// 2. Of each job the attempt with the highest token is adopted, if it is whole; everything else that runs is ended. That an
///    attempt is not adopted is written before any of it is told to end, so that no later look comes to something else.
/// 3. What the store thought granted and no node holds is Released; how it ended is told by its agent, if that still knows.
/// 4. Epochs are raised above every reported one, and only what was adopted is held.
/// 5. The restore is over when nothing is left to write or to end.
package struct RestorePlan: Sendable {
    /// Why something is ended or released, and why an attempt is not gone on with.
    package static let reason = "Restored"
    /// Why nothing is granted meanwhile.
    package static let holdReason = "RestoreIncomplete"

    /// One transaction, or the record of one node.
    package enum Step: Sendable {
        case write(subject: String, [PlannedChange], [PlannedEvent])
        case allocation(NodeAllocation, expected: Revision?)
    }

    /// Nodes that have neither reported nor been confirmed dead.
    package var waitsFor: [NodeID] = []
    package var steps: [Step] = []
    /// What each node is to end; empty lists are left out.
    package var stops: [NodeID: [InventoryReply.Stop]] = [:]
    /// Ends that are reported in the ordinary way once the restore is over: nothing of them is left to end.
    var untold: Set<Claim> = []

    /// Nothing is left to wait for, to end or to write.
    package var isOver: Bool { waitsFor.isEmpty && steps.isEmpty && stops.isEmpty }

    package static func plan(_ seen: RestoreObservation) -> RestorePlan {
        var plan = RestorePlan()
        let known = Set(seen.nodes.map { NodeID($0.metadata.name) })
        for node in seen.record.waitsFor where !known.contains(node) {
            // It joined after the backup was taken.
            let object = Kinds.Node(metadata: ObjectMeta(name: node.rawValue))
            plan.steps.append(.write(subject: "node \(node)", [.create(object)], []))
        }
        let reports = seen.reports
        let dead = seen.deadNodes
        plan.waitsFor = seen.record.waitsFor.filter { reports[$0] == nil && !dead.contains($0) }
        if plan.waitsFor.isEmpty {
            let claims = seen.claims(reports)
            plan.untold = seen.untoldEnds(claims)
            plan.judge(claims, seen)
            plan.release(seen, reported: Set(claims.map(\.report.uid)), dead: dead)
            if plan.steps.isEmpty, plan.stops.isEmpty { plan.count(claims, reports, seen) }
        }
        if !plan.waitsFor.isEmpty || !plan.stops.isEmpty { plan.explain(seen) }
        return plan
    }

    mutating func stop(_ claims: some Sequence<Claim>) {
        for claim in claims where !untold.contains(claim) { stops[claim.node, default: []].append(claim.stop) }
    }

    /// Jobs that have no attempt yet are looked at by nobody else meanwhile: they are told what they wait for (invariant 8).
    private mutating func explain(_ seen: RestoreObservation) {
        let message = progress(of: seen.record)
        for job in seen.jobs where job.status.gang == nil && !job.status.state.isFinal {
            guard !job.metadata.isTerminating, job.status.message != message else { continue }
            var next = job
            next.status.reason = Self.holdReason
            next.status.message = message
            steps.append(.write(subject: "job \(job.metadata.namespace)/\(job.metadata.name)", [.status(next)], []))
        }
    }

    /// How far the restore is and what would move it on, one or two sentences.
    package func progress(of record: RestoreRecord) -> String {
        Self.progress(of: record, waitsFor: waitsFor, ending: stops.mapValues(\.count))
    }

    static func progress(of record: RestoreRecord, waitsFor: [NodeID], ending: [NodeID: Int]) -> String {
        let start = "The store was restored from a backup at \(record.since), and nothing is granted "
        if !waitsFor.isEmpty {
            return start
                + "until every node has said what it runs: waiting for \(waitsFor.count) of "
                + "\(counted(record.waitsFor.count, "node")) (\(names(waitsFor))). A node that will not come back is "
                + "given up with `tidemill node confirm-dead NAME`."
        }
        let slices = counted(ending.values.reduce(0, +), "slice")
        return start + "until \(names(ending.keys.sorted())) \(ending.count == 1 ? "has" : "have") ended \(slices) "
            + "that the restored store has no place for."
    }

    private static func names(_ nodes: [NodeID]) -> String {
        let shown = nodes.prefix(5).map(\.rawValue).joined(separator: ", ")
        return nodes.count > 5 ? "\(shown) and \(nodes.count - 5) more" : shown
    }
}

extension RestorePlan: CustomStringConvertible {
    package var description: String {
        var lines: [String] = []
        if !waitsFor.isEmpty { lines.append("wait for " + waitsFor.map(\.rawValue).joined(separator: ", ")) }
        for step in steps {
            switch step {
            case .write(_, let changes, _):
                lines += changes.map(\.description)
            case .allocation(let record, _):
                let held = record.held.map { "\($0.namespace)/\($0.slice)@\($0.epoch)" }.joined(separator: " ")
                lines.append("\(record.node) at epoch \(record.epoch) holds \(held.isEmpty ? "nothing" : held)")
            }
        }
        for (node, stops) in stops.sorted(by: { $0.key < $1.key }) {
            lines += stops.map { "stop \($0.uid)@\($0.epoch) on \(node)" }
        }
        return isOver ? "over" : lines.joined(separator: "\n")
    }
}
