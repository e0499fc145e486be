import TidemillModel
import TidemillSeams

/// What operators ask of one node that ends work there.
struct Measure {
    var node: Kinds.Node
    var now: Timestamp

    /// What the measure asks of one slice.
    enum Demand: Equatable {
        case go(EvictionReason, isForced: Bool)
        /// A nonPreemptible slice is left to end by itself.
        case spare
        /// A taint is tolerated until then.
        case stay(until: Timestamp)
    }

    var name: String { node.metadata.name }
    var isEmptied: Bool { node.spec.isBeingEmptied }
    var isHeard: Bool { node.status.state?.isHeard ?? false }
    private var taints: [Kinds.Taint] { node.spec.taints.filter { $0.effect == .noExecute } }

    /// Whether there is anything to do or to say.
    var isInForce: Bool { isEmptied || !taints.isEmpty }

    /// When the drain's timeout is over; nil without a drain, and until the controller has written when it began.
    var timeoutEndsAt: Timestamp? {
        guard let drain = node.spec.drain, let startedAt = drain.startedAt else { return nil }
        return startedAt.later(by: drain.effectiveTimeout)
    }

    /// When the drain goes beyond preemptibility and budgets.
    var forcedAt: Timestamp? { node.spec.drain?.force == true ? timeoutEndsAt : nil }

    private var isForced: Bool { forcedAt.map { $0 <= now } ?? false }

    /// The most slices that are evicted from the node at once.
    var maxConcurrent: Int? { (node.spec.drain?.maxConcurrent).map { Int(clamping: $0) } }

    /// - Parameter isRunning: false for a member of a gang that has not started: there is nothing to spare.
    func demand(on slice: Kinds.Slice, isRunning: Bool) -> Demand? {
        if isEmptied, isForced { return .go(.drained, isForced: true) }
        if isEmptied, !isRunning || slice.spec.preemptibility == .preemptible {
            return .go(.drained, isForced: false)
        }
        let tainted = demandOfTaints(on: slice)
        if case .go? = tainted { return tainted }
        return isEmptied ? .spare : tainted
    }

    private func demandOfTaints(on slice: Kinds.Slice) -> Demand? {
        var until: Timestamp?
        for taint in taints {
            switch slice.spec.tolerations.tolerance(of: taint) {
            case .forEver: continue
            case .notAtAll: return .go(.taint, isForced: false)
            case .seconds(let seconds):
                // A slice that came to the tainted node later has its time all the same; one that does not run has time.
                guard let added = taint.timeAdded, let active = slice.status.activeAt else { continue }
                let ends = max(added, active).later(by: .seconds(seconds))
                if ends <= now { return .go(.taint, isForced: false) }
                until = min(until ?? ends, ends)
            }
        }
        return until.map { .stay(until: $0) }
    }
}

extension Kinds.Job {
    /// Whether the disruption budget leaves room for one more eviction; if not, from when on it does, nil for never.
    func budget(at now: Timestamp) -> (hasRoom: Bool, from: Timestamp?) {
        guard let budget = spec.disruptionBudget else { return (true, nil) }
        let counted = status.evictedAt.filter { now.since($0) < budget.effectivePer }.sorted()
        let most = Int(clamping: budget.evictions)
        if counted.count < most { return (true, nil) }
        return (false, most == 0 ? nil : counted[counted.count - most].later(by: budget.effectivePer))
    }

    /// Enters an eviction; what no budget counts any more goes.
    mutating func noteEviction(at now: Timestamp) {
        let window = spec.disruptionBudget?.effectivePer ?? Kinds.DisruptionBudget.defaultPer
        status.evictedAt = status.evictedAt.filter { now.since($0) < window }.sorted().suffix(63) + [now]
    }
}
