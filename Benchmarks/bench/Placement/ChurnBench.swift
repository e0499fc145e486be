import ArgumentParser
import TidemillPlacement
import TidemillPlacementBench
import TidemillRig

/// Decisions on a fleet that is nearly full and where work comes and goes, by policy and by size.
struct ChurnBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "churn", abstract: "Measure decisions on a fleet that stays nearly full.")

    @Option(help: "Nodes.") var nodes = 10_000
    @Option(help: "Accelerators in all.") var devices = 80_000
    @Option(help: "Percent of them that work keeps allocated.") var load = 90
    @Option(help: "Decisions that are measured.") var decisions = 20_000
    @Option(help: "Every so manieth decision is repeated by a scan.") var scanning = 1_000
    @Option(help: "Seed of the work.") var seed: UInt64 = 1
    @Flag(inversion: .prefixedNo, help: "Also the other policies, and fleets of 1k, 3k and 30k nodes.") var table = true

    func run() async throws {
        let (line, _) = try measure()
        say(line)
    }

    /// The last line, and whether it is as it must be.
    func measure() throws -> (line: String, outcome: ChurnRun.Outcome) {
        guard nodes > 0, devices % nodes == 0 else {
            throw ValidationError("--devices \(devices) is not a multiple of --nodes \(nodes)")
        }
        say("policy           nodes    decisions/s   median us    99 % us   slowest us   refused   load %   differ")
        let main = row(nodes, devices, .fill)
        if table {
            for policy in PlacementPolicy.Name.allCases where policy != .fill { _ = row(nodes, devices, policy) }
            for other in [1_000, 3_000, 30_000] where other != nodes { _ = row(other, other * devices / nodes, .fill) }
        }
        return (
            "churn: per_s=\(Int(main.perSecond)) p99_us=\(Int(quantile(main.micros, 0.99))) scan_mismatch=\(main.mismatches)",
            main
        )
    }

    private func row(_ nodes: Int, _ devices: Int, _ policy: PlacementPolicy.Name) -> ChurnRun.Outcome {
        var run = ChurnRun(nodes: nodes, devices: devices, load: load, policy: policy, seed: seed)
        let outcome = run.run(decisions: decisions, scanning: scanning)
        let cells = [
            outcome.perSecond, median(outcome.micros), quantile(outcome.micros, 0.99), outcome.micros.max() ?? 0,
            Double(outcome.refused), outcome.load, Double(outcome.mismatches),
        ]
        say(pad(policy.rawValue, 16) + pad("\(nodes)", 9) + cells.map { pad(figure($0), 13) }.joined())
        return outcome
    }
}

/// Large gangs on an empty fleet.
struct GangBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gang", abstract: "Measure the placement of large gangs, until one does not fit.")

    @Option(help: "Nodes of eight accelerators.") var nodes = 5_000
    @Option(help: "Members and whole accelerators of each: 2250x4.") var shape = "2250x4"

    func run() async throws { say(try measure().line) }

    func measure() throws -> (line: String, outcome: GangRun.Outcome) {
        let parts = shape.split(separator: "x").compactMap { Int($0) }
        guard parts.count == 2, parts.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--shape \(shape) is not MEMBERSxACCELERATORS, such as 2250x4")
        }
        let outcome = GangRun.run(nodes: nodes, members: parts[0], cards: parts[1], seed: 1)
        say(
            "\(outcome.gangs) gangs of \(shape) on \(nodes) nodes in \(figure(outcome.seconds)) s; the next waits, told in \(figure(outcome.refusalSeconds * 1000)) ms:"
        )
        say("  \(outcome.refusal)")
        return ("gang: per_s=\(Int(outcome.perSecond)) partial=\(outcome.partial)", outcome)
    }
}
