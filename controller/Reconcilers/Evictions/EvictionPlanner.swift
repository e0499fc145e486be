import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore

/// One pass over all units: who goes, who waits for what.
struct EvictionPlanner {
    /// What becomes of one unit.
    enum Fate: Equatable {
        /// No measure is about it, or it is tolerated still.
        case stays
        case goes
        /// It is on its way already.
        case going
        case spared
        /// Its disruption budget is used up, until then; nil when it allows nothing ever.
        case outOfBudget(until: Timestamp?)
        /// As many as may go at once are going.
        case waitsItsTurn
        /// A member is on a node that is not heard.
        case hasSilentMember(node: String)
        /// The controller suspects itself.
        case withheld
    }

    let seen: EvictionObservation
    private let measures: [String: Measure]
    /// Slices that are on their way out, by node.
    private var leaving: [String: Int] = [:]
    private var result = EvictionPlan()

    init(_ seen: EvictionObservation) {
        self.seen = seen
        measures = Dictionary(
            seen.nodes.map { ($0.metadata.name, Measure(node: $0, now: seen.now)) },
            uniquingKeysWith: { first, _ in first })
        for slice in seen.held where slice.status.state == .releasing || slice.status.state == .scrubbing {
            leaving[slice.status.grant?.node ?? "", default: 0] += 1
        }
    }

    mutating func plan() -> EvictionPlan {
        let units = EvictionUnit.all(seen.held, jobs: seen.jobs)
        var fates: [(unit: EvictionUnit, fate: Fate)] = []
        for unit in units { fates.append((unit, fate(of: unit))) }
        for node in seen.nodes {
            guard let measure = measures[node.metadata.name] else { continue }
            if measure.isEmptied, let forcedAt = measure.forcedAt { wake(at: forcedAt) }
            tell(DrainingCondition(measure: measure, fates: fates, hold: seen.hold).written(at: seen.now), over: node)
        }
        return result
    }

    private mutating func fate(of unit: EvictionUnit) -> Fate {
        let stage = unit.stage
        let movable = unit.movable
        if movable.isEmpty || stage == .passing { return .going }
        let demands = movable.compactMap { slice in
            measure(of: slice)?.demand(on: slice, isRunning: stage != .waitingToStart)
        }
        for case .stay(let until) in demands { wake(at: until) }
        let orders = demands.compactMap { demand -> (reason: EvictionReason, isForced: Bool)? in
            if case .go(let reason, let isForced) = demand { (reason, isForced) } else { nil }
        }
        guard let order = orders.first(where: \.isForced) ?? orders.first else {
            if stage == .partlyEvicted { return .going }
            return demands.contains(.spare) ? .spared : .stays
        }
        if seen.hold != nil { return .withheld }
        if let silent = unit.slices.first(where: { measure(of: $0)?.isHeard != true }) {
            return .hasSilentMember(node: silent.status.grant?.node ?? "")
        }
        switch stage {
        case .passing: return .going
        case .waitingToStart:
            abandon(unit, order.reason)
            return .goes
        case .partlyEvicted:
            evict(unit, order.reason, counts: false)
            return .goes
        case .running:
            if let job = unit.job, !order.isForced {
                let budget = job.budget(at: seen.now)
                if let from = budget.from { wake(at: from) }
                if !budget.hasRoom { return .outOfBudget(until: budget.from) }
            }
            guard hasRoom(for: movable) else { return .waitsItsTurn }
            evict(unit, order.reason, counts: true)
            return .goes
        }
    }

    private func measure(of slice: Kinds.Slice) -> Measure? { measures[slice.status.grant?.node ?? ""] }

    /// Every node that the unit is on can take the end of its slices now. A gang with more members on a node than may go
    /// at once goes alone.
    private func hasRoom(for slices: [Kinds.Slice]) -> Bool {
        Dictionary(grouping: slices) { $0.status.grant?.node ?? "" }.allSatisfy { node, slices in
            guard let most = measures[node]?.maxConcurrent else { return true }
            let already = leaving[node] ?? 0
            return already == 0 || already + slices.count <= most
        }
    }

    private mutating func wake(at time: Timestamp) {
        if time > seen.now { result.wakeAt = min(result.wakeAt ?? time, time) }
    }

    // MARK: What is written

    /// All members at once. The job comes first: should a gang be too large for one commit, what its budget counts is
    /// written with the first part, and the next tick asks the rest to go.
    private mutating func evict(_ unit: EvictionUnit, _ reason: EvictionReason, counts: Bool) {
        let why = sentence(unit, reason)
        var changes: [PlannedChange] = []
        var events: [PlannedEvent] = []
        if counts, var job = unit.job {
            job.noteEviction(at: seen.now)
            changes.append(.status(job))
            let attempt = job.status.gang?.attempt ?? 1
            events.append(PlannedEvent(job, "Evicted", "Attempt \(attempt) is evicted: \(why)", isWarning: true))
        } else if counts, let slice = unit.slices.first {
            events.append(PlannedEvent(slice, "Evicted", why, isWarning: true))
        }
        for slice in unit.movable {
            var next = slice
            next.status.state = .releasing
            next.status.reason = reason.rawValue
            next.status.message = why
            changes.append(.status(next))
            leaving[slice.status.grant?.node ?? "", default: 0] += 1
        }
        result.transactions.append((unit.subject, changes, events))
    }

    /// The gang record decides: what was granted is withdrawn by the job's reconciler.
    private mutating func abandon(_ unit: EvictionUnit, _ reason: EvictionReason) {
        guard var job = unit.job else { return }
        let why = sentence(unit, reason)
        job.status.gang?.state = .abandoned
        job.status.gang?.reason = reason.rawValue
        job.status.reason = reason.rawValue
        job.status.message = why
        let event = PlannedEvent(job, "Abandoned", why, isWarning: true)
        result.transactions.append((unit.subject, [.status(job)], [event]))
    }

    /// `Node a is drained.`, of the first node that asks for it.
    private func sentence(_ unit: EvictionUnit, _ reason: EvictionReason) -> String {
        let isRunning = unit.stage != .waitingToStart
        let asking = unit.movable.compactMap { slice -> (Measure, Kinds.Slice)? in
            guard let measure = measure(of: slice),
                case .go(reason, _)? = measure.demand(on: slice, isRunning: isRunning)
            else { return nil }
            return (measure, slice)
        }
        guard let (measure, slice) = asking.min(by: { $0.0.name < $1.0.name }) else { return reason.rawValue }
        switch reason {
        case .drained:
            return measure.node.spec.drain == nil
                ? "Node \(measure.name) is emptied for maintenance." : "Node \(measure.name) is drained."
        case .taint:
            let taints = measure.node.spec.taints.filter {
                $0.effect == .noExecute && slice.spec.tolerations.tolerance(of: $0) != .forEver
            }
            return "Node \(measure.name) is tainted \(taints.map(\.text).joined(separator: ", "))."
        }
    }

    private mutating func tell(_ condition: Kinds.Condition?, over node: Kinds.Node) {
        guard let condition else { return }
        var next = node
        next.status.conditions.set(condition)
        guard next != node else { return }
        let before = node.status.conditions.first { $0.type == DrainingCondition.type }?.status
        var events: [PlannedEvent] = []
        if condition.status == .true, before != .true {
            events = [PlannedEvent(node, "Draining", condition.message ?? "")]
        } else if before == .true, condition.reason == DrainingCondition.drained {
            events = [PlannedEvent(node, DrainingCondition.drained, "Nothing is held on the node any more")]
        }
        result.transactions.append(("node \(node.metadata.name)", [.status(next)], events))
    }
}

extension EvictionUnit {
    fileprivate var subject: String {
        job.map { "job \($0.metadata.namespace)/\($0.metadata.name)" } ?? "slice \(slices.first?.path ?? "")"
    }
}
