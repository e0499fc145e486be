import TidemillSeams

/// One history as it is drawn from a seed: who is there, what is asked for, what goes wrong. A value, so that it can be
/// made smaller while it still fails.
package struct Scenario: Sendable {
    /// Something that goes wrong for a while.
    package struct Fault: Sendable, CustomStringConvertible {
        var kind: String
        var at: Duration
        var lasts: Duration
        /// Which machine, counted around.
        var target: Int
        /// Takes the next machine on which something runs, if there is one: what breaks idle machines shows little.
        var seeksWork: Bool

        package var description: String { "\(at) \(kind) of machine \(target) for \(lasts)" }
    }

    package var seed: UInt64
    var machines: Int
    /// Parts per million by which each boot clock is fast.
    var drifts: [Int64]
    /// How long things may go wrong.
    package var lasts: Duration
    package var work: [Work]
    package var faults: [Fault]

    /// What one seed means.
    ///
    /// - Parameter favouring: kinds of faults that are among those drawn.
    package static func drawn(seed: UInt64, favouring: [String] = []) -> Scenario {
        let dice = Dice(seed: seed, for: "scenario")
        let machines = 3 + dice.below(dice.oneIn(3) ? 6 : 3)
        let lasts = Duration.seconds(Int64(30 + dice.below(70)))
        var scenario = Scenario(
            seed: seed, machines: machines, drifts: (0..<machines).map { _ in Int64(dice.below(2001) - 1000) },
            lasts: lasts, work: Work.drawn(dice, until: lasts), faults: [])
        scenario.work += Work.resizes(Dice(seed: seed, for: "resizes"), until: lasts)
        let seconds = Int(lasts.wholeNanoseconds / 1_000_000_000)
        // A few kinds, and of each a few: what never meets breaks nothing.
        let favoured = favouring.compactMap(FaultKind.named)
        let kinds = (0..<(1 + dice.below(5))).map { _ in FaultKind.drawn(dice) } + favoured + favoured
        for _ in 0..<(1 + dice.below(12) + favoured.count) {
            let kind = dice.pick(kinds)
            scenario.faults.append(
                Fault(
                    kind: kind.name, at: dice.milliseconds(1000...(seconds * 1000)),
                    lasts: dice.milliseconds(kind.lasts), target: dice.below(machines), seeksWork: !dice.oneIn(4)))
        }
        scenario.keepToPromise()
        scenario.faults.sort { $0.at < $1.at }
        return scenario
    }

    /// A second agent of one identity is refused as long as the first is heard; of a clone that takes the place of a silent
    /// machine nothing is promised.
    private mutating func keepToPromise() {
        guard faults.contains(where: { $0.kind == FaultKind.secondAgent }) else { return }
        faults.removeAll { !FaultKind.besideSecondAgent.contains($0.kind) }
        for index in faults.indices where faults[index].kind == FaultKind.secondAgent {
            faults[index].at = max(faults[index].at, .seconds(8))
        }
    }

    /// For people.
    package var text: String {
        var lines = ["seed \(seed), \(machines) machines, \(lasts)"]
        lines += drifts.enumerated().map { "  machine \($0.offset) drifts by \($0.element) ppm" }
        lines += work.map { "  work: \($0)" }
        lines += faults.map { "  fault: \($0)" }
        return lines.joined(separator: "\n")
    }
}
