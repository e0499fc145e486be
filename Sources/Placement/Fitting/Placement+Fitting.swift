import TidemillModel
import TidemillSeams

extension Placement {
    /// Whether the gang would be placed now, after preempting whom, later, or never. Nothing is placed.
    ///
    /// - Parameter victims: jobs that may be preempted, with all that they hold.
    package func answer(_ gang: PendingGang, preempting victims: [Victim]) -> FitAnswer {
        var trial = self
        trial.forgetRecord()
        switch trial.decide(gang) {
        case .place(let members): return .now(members)
        case .pending(let cause):
            switch cause.reason {
            case .neverFits, .noMatchingDevice: return .never(cause, trial.largest(for: gang))
            case .insufficientDevices: break
            }
            let search = PreemptionSearch(placement: self, gang: gang, victims: victims)
            guard let (chosen, members) = search.fewest() else { return .later(cause) }
            return .afterPreemption(members, of: chosen, cause)
        }
    }
}

/// Looks for the fewest jobs whose end makes room for a gang.
private struct PreemptionSearch {
    let placement: Placement
    let gang: PendingGang
    /// Those that hold least first: they are the first to go.
    let victims: [Victim]
    /// Trials at most; what has not been tried then is preempted with the rest.
    private static let mostTrials = 400

    init(placement: Placement, gang: PendingGang, victims: [Victim]) {
        var placement = placement
        placement.forgetRecord()
        self.placement = placement
        self.gang = gang
        self.victims = victims.sorted {
            ($0.cardUnits, $0.namespace, $0.job) < ($1.cardUnits, $1.namespace, $1.job)
        }
    }

    func fewest() -> (victims: [Victim], members: [PlannedMember])? {
        guard !victims.isEmpty, place(without: victims) != nil else { return nil }
        var trials = 0
        var chosen = victims
        // Leaves out blocks of them, the largest holders first, halving the blocks that are needed.
        func spare(_ range: Range<Int>) {
            guard trials < Self.mostTrials, !range.isEmpty else { return }
            trials += 1
            let block = Set(victims[range])
            let rest = chosen.filter { !block.contains($0) }
            if place(without: rest) != nil {
                chosen = rest
            } else if range.count > 1 {
                let middle = (range.lowerBound + range.upperBound) / 2
                spare(middle..<range.upperBound)
                spare(range.lowerBound..<middle)
            }
        }
        spare(victims.indices)
        return place(without: chosen).map { (chosen, $0) }
    }

    /// Where the gang goes once these have ended; nil when it still waits.
    private func place(without ended: [Victim]) -> [PlannedMember]? {
        let slices = ended.reduce(into: Set<SliceUID>()) { $0.formUnion($1.slices) }
        var trial = placement
        let changed = trial.cluster.compactMap { node -> NodeSnapshot? in
            guard node.devices.contains(where: { $0.held.contains { slices.contains($0.slice) } }) else { return nil }
            var node = node
            for device in node.devices.indices { node.devices[device].held.removeAll { slices.contains($0.slice) } }
            return node
        }
        trial.update(changed)
        if case .place(let members) = trial.decide(gang, explaining: false) { return members }
        return nil
    }
}
