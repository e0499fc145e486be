import TidemillModel
import TidemillPlacement
import TidemillSeams

/// Large gangs on an empty fleet, one after the other until one does not fit.
package enum GangRun {
    package struct Outcome: Sendable {
        package var gangs = 0
        package var members = 0
        package var seconds = 0.0
        /// What the last gang, for which there was no room, cost, and what it was told.
        package var refusalSeconds = 0.0
        package var refusal = ""
        /// Shares of cards held by gangs that are not whole.
        package var partial = 0

        package var perSecond: Double { Double(members) / max(1e-9, seconds) }
    }

    /// - Parameter cards: whole cards of each member.
    package static func run(nodes: Int, members: Int, cards: Int, seed: UInt64) -> Outcome {
        var fleet = SyntheticFleet(nodes: nodes, seed: seed)
        var placement = Placement(fleet.snapshot)
        var outcome = Outcome()
        let clock = ContinuousClock()
        while true {
            let gang = fleet.gang(milliCPU: 8000, gib: 32, cards: cards, percent: 100, members: members)
            let began = clock.now
            let decision = placement.decide(gang)
            let seconds = (clock.now - began) / .seconds(1)
            guard case .place(let placed) = decision else {
                outcome.refusalSeconds = seconds
                if case .pending(let cause) = decision { outcome.refusal = cause.message }
                break
            }
            outcome.gangs += 1
            outcome.members += placed.count
            outcome.seconds += seconds
        }
        let held = placement.cluster.reduce(0) { $0 + $1.devices.reduce(0) { $0 + ($1.isCPU ? 0 : $1.held.count) } }
        outcome.partial = held - outcome.members * cards
        return outcome
    }
}
