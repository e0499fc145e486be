import TidemillModel
import TidemillSeams

/// One decision with everything that came before it since a whole state.
package struct DecisionExcerpt: Sendable, Equatable {
    package enum Step: Sendable, Equatable {
        case changed([NodeSnapshot], removed: [NodeID])
        case classes([String], [String: Rational])
        case release(PlannedMember, String)
        case decide(PendingGang)

        init?(_ entry: DecisionRecord.Entry) {
            switch entry {
            case .cycle: return nil
            case .changed(let nodes, let removed): self = .changed(nodes, removed: removed)
            case .classes(let classes, let prices): self = .classes(classes, prices)
            case .released(let member, let namespace): self = .release(member, namespace)
            case .decided(let gang, _): self = .decide(gang)
            }
        }
    }

    package var number: Int
    package var start: PlacementState
    /// The last one decides.
    package var steps: [Step]

    package init(number: Int, start: PlacementState, steps: [Step]) {
        self.number = number
        self.start = start
        self.steps = steps
    }

    /// The gang about which the last step decides.
    package var gang: PendingGang? {
        if case .decide(let gang)? = steps.last { gang } else { nil }
    }

    /// Takes every step again, from the start, and returns the last decision.
    package func replayed() -> Decision? {
        var placement = Placement(start)
        var last: Decision?
        for step in steps {
            switch step {
            case .changed(let nodes, let removed): placement.update(nodes, removed: Set(removed))
            case .classes(let classes, let prices): placement.update(classes: Set(classes), prices: prices)
            case .release(let member, let namespace): placement.release(member, of: namespace)
            case .decide(let gang): last = placement.decide(gang)
            }
        }
        return last
    }
}
