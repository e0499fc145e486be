import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore

/// What one cycle does about one gang.
package enum GangOutcome: Sendable {
    /// An earlier cycle stopped half-way: abandon what it drafted.
    case abandon(DraftingGang, reason: String)
    /// It may not be placed now: its back-off lasts, or it was changed in between.
    case wait(DraftingGang, reason: String)
    /// Its turn has come, and the controller grants it nothing now.
    case held(DraftingGang, GrantPermission.Hold)
    case place(DraftingGang, [PlannedMember])
    case pending(DraftingGang, PendingReason, message: String)
    /// It runs, and may soon need these places: their nodes are asked now to renew as often as it needs.
    case expect(DraftingGang, [PlannedMember])
}

extension GangOutcome {
    var isGrant: Bool { if case .place = self { true } else { false } }

    /// Nodes on which placement holds something for it.
    var nodes: [NodeID] {
        switch self {
        case .place(_, let members), .expect(_, let members): members.map(\.node)
        case .abandon, .wait, .held, .pending: []
        }
    }
}

extension GangOutcome: CustomStringConvertible {
    package var description: String {
        switch self {
        case .abandon(let gang, let reason): "abandon \(gang.name): \(reason)"
        case .wait(let gang, let reason): "wait \(gang.name): \(reason)"
        case .held(let gang, let hold): "held \(gang.name): \(hold.reason): \(hold.message)"
        case .place(let gang, let members):
            "place \(gang.name): " + members.map { "\($0.slice) on \($0.node)" }.joined(separator: ", ")
        case .pending(let gang, let reason, let message): "pending \(gang.name): \(reason.rawValue): \(message)"
        case .expect(let gang, let members):
            "expect \(gang.name): " + members.map { "\($0.slice) on \($0.node)" }.joined(separator: ", ")
        }
    }
}

extension DraftingGang {
    /// The job's namespace and name.
    var name: String { "\(job.metadata.namespace)/\(job.metadata.name)" }

    /// What placement is asked.
    ///
    /// - Parameter places: of other jobs.
    func pending(among places: [JobPlace], passedOver: [NodeID: String]) -> PendingGang {
        PendingGang(
            namespace: job.metadata.namespace, job: job.metadata.name, members: slices.map(\.metadata.name),
            request: job.spec.slice, tolerations: slices.first?.spec.tolerations ?? [], passedOver: passedOver,
            constraints: job.spec.placement ?? Kinds.PlacementConstraints(),
            neighbours: places.isEmpty && !job.looksAround ? [] : job.neighbours(among: places))
    }
}

extension SchedulingSnapshot {
    /// One cycle over one snapshot, in order. Pure: equal snapshots and nodes give equal outcomes.
    ///
    /// - Parameter placement: sees the nodes less what the records hold, and remembers what this cycle places.
    package func plan(on placement: inout Placement) -> [GangOutcome] {
        // 1. Each gang in its turn; one that does not fit does not hold up the next.
        var places = places
        let caresForOthers = !places.isEmpty || gangs.contains { $0.job.looksAround }
        var explaining = Explaining(gangs: gangs.count, nodes: placement.cluster.count, turn: turn)
        let outcomes = gangs.enumerated().map { number, gang in
            let isTold = explaining.tells(number, isNew: gang.job.status.reason == nil)
            let outcome = outcome(of: gang, among: places, isTold, &placement)
            if case .place(_, let members) = outcome, caresForOthers {
                places.append(JobPlace(gang.job, nodes: Set(members.map(\.node))))
            }
            return outcome
        }
        // 2. Then those that may soon need another place, so that the agreement on heartbeats is not waited for when it counts.
        // These are trials: nothing is learned from them, and nobody asks for them again.
        guard !threatened.isEmpty else { return outcomes }
        var trial = placement
        trial.forgetRecord()
        return outcomes + threatened.compactMap { gang in expectation(of: gang, among: places, &trial) }
    }

    /// The nodes that are passed over for a gang, with the reasons.
    func passedOver(_ gang: DraftingGang) -> [NodeID: String] {
        gang.passedOver(at: now).merging(permission.nodes.mapValues(\.reason)) { _, held in held }
    }

    private func expectation(
        of gang: DraftingGang, among places: [JobPlace], _ placement: inout Placement
    ) -> GangOutcome? {
        guard gang.slices.count == Int(gang.job.attemptSize), gang.job.effectiveOnDisconnect.effectiveAfter != nil
        else { return nil }
        let pending = gang.pending(among: places, passedOver: permission.nodes.mapValues(\.reason))
        guard case .place(let members) = placement.decide(pending, explaining: false) else { return nil }
        return .expect(gang, members)
    }

    private func outcome(
        of gang: DraftingGang, among places: [JobPlace], _ isTold: Bool, _ placement: inout Placement
    ) -> GangOutcome {
        // 3. A draft that a cycle left half-written holds shares for nobody: abandon it.
        if gang.slices.contains(where: { $0.status.state != .pending }) {
            return .abandon(gang, reason: "DraftInterrupted")
        }
        // 4. A gang with a missing or deleted member is for the job's reconciler.
        if gang.slices.count != Int(gang.job.attemptSize) || gang.slices.contains(where: \.metadata.isTerminating) {
            return .wait(gang, reason: "a member is missing")
        }
        // 5. After a failure it waits, and its next token must be newer than any of its finished attempts.
        if let notBefore = gang.job.status.nextAttemptAt, notBefore > now {
            return .wait(gang, reason: "not before \(notBefore)")
        }
        if let last = gang.job.status.lastToken, last >= revision.rawValue {
            return .wait(gang, reason: "the snapshot is no newer than token \(last)")
        }
        // 6. What the controller withholds, from all or from those that take the place of an earlier attempt.
        if let hold = permission.everything ?? (gang.isReplacement ? permission.replacements : nil) {
            return .held(gang, hold)
        }
        // 7. Whole or not at all, and not on nodes that refused it or that get nothing now.
        let pending = gang.pending(among: places, passedOver: passedOver(gang))
        switch placement.decide(pending, explaining: isTold) {
        case .place(let members): return .place(gang, members)
        case .pending(.unexplained): return .wait(gang, reason: "it is told why in another cycle")
        case .pending(let cause): return .pending(gang, cause.reason, message: cause.message)
        }
    }
}
