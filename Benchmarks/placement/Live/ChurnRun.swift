import TidemillModel
import TidemillPlacement
import TidemillSeams

/// Work that comes and goes on a fleet that stays nearly full.
package struct ChurnRun {
    package struct Outcome: Sendable {
        package var nodes = 0
        package var decisions = 0
        /// Gangs for which there was no room.
        package var refused = 0
        /// Mean percent of the cards that was allocated while measured.
        package var load = 0.0
        /// Of single decisions, in microseconds, unordered.
        package var micros: [Double] = []
        package var mismatches = 0

        package var perSecond: Double { Double(decisions) / max(1e-9, micros.reduce(0, +) / 1e6) }
    }

    private var fleet: SyntheticFleet
    private var placement: Placement
    private var running: [PlannedMember] = []
    /// Allocated card units in thousandths, and what there is.
    private var held: Int64 = 0
    private let capacity: Int64
    private let target: Int64
    private var outcome = Outcome()

    /// - Parameter load: percent of the cards that work keeps allocated.
    package init(nodes: Int, devices: Int, load: Int, policy: PlacementPolicy.Name, seed: UInt64) {
        fleet = SyntheticFleet(nodes: nodes, devicesPerNode: devices / nodes, seed: seed)
        var settings = PlacementSettings()
        settings.policy = policy
        placement = Placement(fleet.snapshot, settings: settings)
        capacity = Int64(devices) * 1000
        target = capacity * Int64(load) / 100
        outcome.nodes = nodes
    }

    /// Fills the fleet to its load, then measures `decisions`, each of which follows the ends that make room for it. Every
    /// `scanning`-th is repeated by a scan.
    package mutating func run(decisions: Int, scanning: Int) -> Outcome {
        while held < target { guard decide() else { break } }
        outcome.micros = []
        outcome.refused = 0
        outcome.decisions = 0
        let clock = ContinuousClock()
        for number in 0..<decisions {
            while held > target, !running.isEmpty { end() }
            outcome.load += 100 * Double(held) / Double(capacity)
            let gang = fleet.gang()
            var other = number % scanning == 0 ? placement : nil
            let began = clock.now
            let decision = placement.decide(gang)
            outcome.micros.append((clock.now - began) / .microseconds(1))
            if other != nil, other?.decide(gang, by: .scan) != decision { outcome.mismatches += 1 }
            take(decision)
            outcome.decisions += 1
        }
        outcome.load /= Double(max(1, decisions))
        return outcome
    }

    @discardableResult
    private mutating func decide() -> Bool { take(placement.decide(fleet.gang())) }

    @discardableResult
    private mutating func take(_ decision: Decision) -> Bool {
        guard case .place(let members) = decision else {
            outcome.refused += 1
            return false
        }
        running += members
        held += members.reduce(0) { $0 + Self.size($1) }
        return true
    }

    /// One that runs ends, whichever.
    private mutating func end() {
        let number = fleet.index(below: running.count)
        running.swapAt(number, running.count - 1)
        let member = running.removeLast()
        held -= Self.size(member)
        placement.release(member, of: "bench")
    }

    private static func size(_ member: PlannedMember) -> Int64 {
        member.shares.reduce(0) {
            $0
                + ($1.isCPU
                    ? 0
                    : $1.isolation == .exclusive
                        ? 1000 : $1.amounts.compute.numerator * 1000 / $1.amounts.compute.denominator)
        }
    }
}
