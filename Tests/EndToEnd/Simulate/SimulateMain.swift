import TidemillSimulation

/// Runs seeds, prints what fails.
@main
struct SimulateMain {
    static func main() async {
        let arguments = CommandLine.arguments
        func number(_ name: String, _ fallback: UInt64) -> UInt64 {
            guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return fallback }
            return UInt64(arguments[place + 1]) ?? fallback
        }
        let first = number("--seed", number("--first", 1))
        let seeds = arguments.contains("--seed") ? 1 : number("--seeds", 100)
        var failures = 0
        for seed in first..<(first + seeds) {
            let scenario = Scenario.drawn(seed: seed)
            let outcome = await Simulation.run(scenario, keepsText: arguments.contains("--seed"))
            if arguments.contains("--seed") { print(outcome.lines.joined(separator: "\n")) }
            if let violation = outcome.violation {
                failures += 1
                print("seed \(seed): \(violation)")
            }
        }
        print("simulate: seeds=\(seeds) failures=\(failures)")
    }
}
