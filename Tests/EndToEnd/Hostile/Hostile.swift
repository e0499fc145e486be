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
    @Flag(help: "Only attempts from sessions (exec) in the slice of another command.") var sessionsOnly = false

    func run() async throws {
        var tally = Tally()
        if !positionsOnly { tally = try await attack() }
        var problems: [String] = []
        if !withoutPositions, !sessionsOnly {
            let found = try await Positions().perform()
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
            try await stage.open()
            let (whole, weak) = (rig.seat, rig.seat("w"))
            try await stage.furnish([whole, weak])
            // Two lanes: the second one's node has its mechanisms off.
            return try await withThrowingTaskGroup(of: Tally.self) { lanes in
                lanes.addTask {
                    try await stage.contained(attacks, known, on: whole, sessionsOnly: sessionsOnly)
                }
                if !withoutControls, !sessionsOnly { lanes.addTask { try await stage.weakened(attacks, on: weak) } }
                return try await lanes.reduce(into: Tally()) { $0.add($1) }
            }
        }
    }
}

extension Stage {
    /// Every attempt with every mechanism on: as a task, and from a session in one.
    func contained(
        _ attacks: [Attack], _ known: [Attack], on seat: Seat, sessionsOnly: Bool
    ) async throws -> Tally {
        var tally = Tally()
        try await raise(seat, without: [])
        for attack in attacks where !sessionsOnly {
            tally.countContained(attack.name, await play(attack, on: seat))
        }
        for attack in attacks where attack.isForSessions {
            tally.countContained("\(attack.name) (session)", await play(attack, on: seat, isSession: true))
        }
        for attack in known where !sessionsOnly {
            tally.note(attack.name, await play(attack, on: seat))
        }
        try await lower(seat)
        return tally
    }

    /// Every attempt without what stops it, and without all but one of the things that stop it.
    func weakened(_ attacks: [Attack], on seat: Seat) async throws -> Tally {
        var tally = Tally()
        var turns: [[String]: [(attack: Attack, isControl: Bool)]] = [:]
        for attack in attacks {
            if case .without(let omitted) = attack.control {
                turns[omitted.sorted(), default: []].append((attack, true))
            }
            for layer in attack.layers { turns[layer.sorted(), default: []].append((attack, false)) }
        }
        for (omitted, group) in turns.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let words = omitted.joined(separator: ",")
            try await raise(seat, without: omitted)
            for (attack, isControl) in group {
                let outcome = await play(attack, on: seat, isControl: isControl)
                if isControl {
                    tally.countControl(attack.name, "without \(words)", outcome)
                } else {
                    tally.countContained("\(attack.name) (without \(words))", outcome)
                }
            }
            try await lower(seat)
        }
        for attack in attacks {
            guard case .bare = attack.control else { continue }
            tally.countControl(attack.name, "bare", await play(attack, on: seat, isControl: true, isBare: true))
        }
        return tally
    }

    /// Makes the attempt; once more when nothing can be said of the first one. What held or got through stands.
    private func play(
        _ attack: Attack, on seat: Seat, isControl: Bool = false, isBare: Bool = false, isSession: Bool = false
    ) async -> Outcome {
        let first = await playOnce(attack, on: seat, isControl: isControl, isBare: isBare, isSession: isSession)
        guard case .unclear(let why) = first else { return first }
        say(Tally.line("once more", attack.name, why))
        return await playOnce(attack, on: seat, isControl: isControl, isBare: isBare, isSession: isSession)
    }

    private func playOnce(
        _ attack: Attack, on seat: Seat, isControl: Bool, isBare: Bool, isSession: Bool
    ) async -> Outcome {
        let scene = await Scene(
            self, seat: seat, attack: attack, isControl: isControl, isBare: isBare, isSession: isSession)
        var outcome: Outcome
        do {
            outcome = try await attack.script(scene)
        } catch {
            outcome = .unclear("\(error)")
        }
        if case .unclear = outcome {
            // Whatever went wrong, the next attempt finds the node free; and the first trouble is the one to tell.
            try? await scene.finish()
        }
        return outcome
    }
}
