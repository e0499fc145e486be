import TidemillSimulation

/// `tidemill-simulate --seeds N --first N` runs histories and, before them, every broken rule; `--seed N` tells one history,
/// with `--broken RULE` under a rule that is broken on purpose, with `--shrink` made smaller first.
@main
struct SimulateMain {
    static func main() async {
        let arguments = Arguments(CommandLine.arguments)
        if let seed = arguments.number("--seed") {
            await tell(seed, broken: arguments.broken, shrinks: arguments.has("--shrink"))
        } else {
            await Report(arguments).run()
        }
    }

    private static func tell(_ seed: UInt64, broken: Set<BrokenRule>, shrinks: Bool) async {
        var scenario = broken.first.map { $0.scenario(seed: seed) } ?? Scenario.drawn(seed: seed)
        if shrinks {
            scenario = await Shrinker.shrunk(await Simulation.run(scenario, broken: broken), broken: broken)
        }
        let outcome = await Simulation.run(scenario, broken: broken, keepsText: true)
        print(scenario.text)
        print(outcome.lines.joined(separator: "\n"))
    }
}
