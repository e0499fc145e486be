import ArgumentParser
import TidemillRig

/// Tries to get out of slices by every way that we know, and by each of them once more with the mechanism that stops it
/// left out, where it must succeed: what cannot fail proves nothing.
@main struct Hostile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill-hostile",
        abstract: "Attack a slice from inside; and again with its mechanisms off, which must succeed.")

    @Option(help: "Only the attempts whose name contains this.") var only = ""
    @Flag(help: "Also make the attempts against mechanisms that are not there yet.") var waiting = false
    @Flag(help: "Leave the controls out.") var withoutControls = false
    @Flag(help: "Leave out the agent's deaths between the steps of prepare and release.") var withoutPositions = false
    @Flag(help: "Only the agent's deaths.") var positionsOnly = false
    @Option(help: "How many nodes share the attempts.") var seats = 2
    @Option(help: "Kill the agent only before every Nth step.") var everyNth = 1
    @Flag(help: "Only attempts from sessions (exec) in the slice of another command.") var sessionsOnly = false

    func run() async throws {
        var tally = Tally()
        if !positionsOnly { tally = try await attack() }
        var problems: [String] = []
        if !withoutPositions, !sessionsOnly {
            let found = try await Positions(every: everyNth).perform()
            problems = found.problems
            for problem in problems { say("LEFT  \(problem)") }
            say("positions=\(found.positions) left=\(problems.count)")
        }
        say("isolation: contained=\(tally.contained) escaped=\(tally.escaped) controls=\(tally.controls)")
        if !tally.isGood || !problems.isEmpty { throw ExitCode(1) }
    }

    private func attack() async throws -> Tally {
        let chosen = Attack.all.filter { only.isEmpty || $0.name.contains(only) }
        for attack in chosen where !waiting {
            if let what = attack.waitsFor { say(Tally.line("waiting", attack.name, "for \(what)")) }
        }
        let attacks = chosen.filter { waiting || $0.waitsFor == nil }
        let known = only.isEmpty ? Attack.notStopped : []
        return try await withRig(try Rig("hostile")) { rig in
            let stage = try Stage(rig)
            do {
                return try await Interruption.watch { try await make(attacks, known, on: stage) }
            } catch {
                await stage.sweep()
                throw error
            }
        }
    }

    private func make(_ attacks: [Attack], _ known: [Attack], on stage: Stage) async throws -> Tally {
        try await stage.open()
        let seats = (1...max(1, self.seats)).map { stage.rig.seat("\($0)") }
        let refused = Refused(stage: stage, leaky: stage.rig.seat("leaky"), tight: stage.rig.seat("tight"))
        let isRefused = !sessionsOnly && (only.isEmpty || Refused.name.contains(only))
        try await stage.furnish(seats + (isRefused ? [refused.leaky, refused.tight] : []))
        let turns = Turns(
            Turn.all(
                attacks, known, seats: seats.count, controls: !withoutControls && !sessionsOnly,
                sessionsOnly: sessionsOnly))
        return try await withThrowingTaskGroup(of: Tally.self) { lanes in
            for seat in seats { lanes.addTask { try await stage.take(turns, on: seat) } }
            if isRefused { lanes.addTask { try await refused.perform() } }
            return try await lanes.reduce(into: Tally()) { $0.add($1) }
        }
    }
}
