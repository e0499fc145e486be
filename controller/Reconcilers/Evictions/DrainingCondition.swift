import TidemillLease
import TidemillModel
import TidemillSeams

/// What a node says of being emptied: how many slices go, and for what the others wait.
struct DrainingCondition {
    static let type = "Draining"
    static let drained = "Drained"

    var measure: Measure
    var fates: [(unit: EvictionUnit, fate: EvictionPlanner.Fate)]
    var hold: GrantPermission.Hold?

    /// The condition as it should be; nil when there is nothing to say and nothing was said before.
    func written(at now: Timestamp) -> Kinds.Condition? {
        guard let (status, reason, message) = words(at: now) else { return nil }
        return Kinds.Condition(
            type: Self.type, status: status, observedGeneration: measure.node.metadata.generation,
            lastTransitionTime: now, reason: reason, message: message)
    }

    private func words(at now: Timestamp) -> (Kinds.ConditionStatus, reason: String, message: String)? {
        let held = count { _ in true }
        if measure.isEmptied, held == 0 { return (.false, Self.drained, "Nothing is held on the node.") }
        let concerned = measure.isEmptied ? held : count { $0 != .stays && $0 != .going }
        guard measure.isInForce, concerned > 0 else {
            // A node that was never emptied says nothing.
            let isTold = measure.node.status.conditions.contains { $0.type == Self.type }
            return isTold ? (.false, "NotDraining", "Nothing empties the node.") : nil
        }
        let state = measure.node.status.state ?? .initializing
        guard measure.isHeard else {
            return (
                .true, "Node\(state.rawValue)",
                "\(slices(held)) held; nothing is evicted while the node is \(state.rawValue)."
            )
        }
        if let hold, count({ $0 == .withheld }) > 0 {
            return (.true, hold.reason, "\(slices(held)) held; nothing is evicted: \(hold.message)")
        }
        return (.true, reason, parts(of: held, at: now).joined(separator: "; "))
    }

    private var reason: String {
        if count({ $0 == .goes || $0 == .going || $0 == .waitsItsTurn }) > 0 { return "Evicting" }
        if count({ $0 == .spared }) > 0 { return "WaitingForNonPreemptible" }
        return count(\.isOutOfBudget) > 0 ? "WaitingForBudget" : "Waiting"
    }

    private func parts(of held: Int, at now: Timestamp) -> [String] {
        var parts: [String] = []
        let going = count { $0 == .goes || $0 == .going }
        if going > 0 { parts.append("evicts \(going) of \(held)") }
        let turns = count { $0 == .waitsItsTurn }
        if turns > 0 { parts.append("\(slices(turns)) waiting, \(measure.maxConcurrent ?? 1) at once") }
        let spared = names { $0 == .spared }
        if !spared.isEmpty { parts.append("waits for \(listed(spared, "nonPreemptible slice"))") }
        let outOfBudget = names(\.isOutOfBudget)
        if !outOfBudget.isEmpty {
            let untils = fates.compactMap { entry -> Timestamp? in
                guard case .outOfBudget(let until) = entry.fate, !onNode(entry.unit).isEmpty else { return nil }
                return until
            }
            let until = untils.min().map { ", until \(clock($0, now))" } ?? ""
            parts.append("waits for the disruption budget of \(listed(outOfBudget, "slice"))\(until)")
        }
        for (unit, fate) in fates {
            guard case .hasSilentMember(let node) = fate, let slice = onNode(unit).first else { continue }
            parts.append("waits for \(slice.path), a member of whose gang is on node \(node), which is not heard")
        }
        if !spared.isEmpty || !outOfBudget.isEmpty, measure.isEmptied { parts.append(outlook(now)) }
        return parts
    }

    /// When, or how, what waits is evicted all the same.
    private func outlook(_ now: Timestamp) -> String {
        if let forcedAt = measure.forcedAt { return "forced at \(clock(forcedAt, now))" }
        guard let ends = measure.timeoutEndsAt, ends > now else {
            return "`tidemill drain \(measure.name) --force` evicts them"
        }
        return "`tidemill drain \(measure.name) --force` evicts them at \(clock(ends, now))"
    }

    private func onNode(_ unit: EvictionUnit) -> [Kinds.Slice] {
        unit.slices.filter { $0.status.grant?.node == measure.name }
    }

    private func count(_ isMeant: (EvictionPlanner.Fate) -> Bool) -> Int {
        fates.reduce(0) { $0 + (isMeant($1.fate) ? onNode($1.unit).count : 0) }
    }

    private func names(_ isMeant: (EvictionPlanner.Fate) -> Bool) -> [String] {
        fates.filter { isMeant($0.fate) }.flatMap { onNode($0.unit).map(\.path) }
    }

    /// `1 slice is`, `2 slices are`
    private func slices(_ number: Int) -> String { number == 1 ? "1 slice is" : "\(number) slices are" }

    /// `2 nonPreemptible slices: lab/a-1-0, lab/b-1-0`; of many only the first.
    private func listed(_ names: [String], _ noun: String) -> String {
        let most = 5
        let rest = names.count > most ? " and \(names.count - most) more" : ""
        return "\(names.count) \(noun)\(names.count == 1 ? "" : "s"): "
            + names.prefix(most).joined(separator: ", ") + rest
    }

    /// The time of day; with the date when it is not within half a day.
    private func clock(_ time: Timestamp, _ now: Timestamp) -> String {
        let isNear = abs(time.seconds - now.seconds) < 43_200
        return isNear ? String(time.text.suffix(9)) : time.text
    }
}

extension EvictionPlanner.Fate {
    fileprivate var isOutOfBudget: Bool {
        if case .outOfBudget = self { true } else { false }
    }
}
