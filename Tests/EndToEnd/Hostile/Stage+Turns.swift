import TidemillRig

extension Stage {
    /// Takes turns on a seat until none is left.
    func take(_ turns: Turns, on seat: Seat) async throws -> Tally {
        var tally = Tally()
        while let turn = await turns.next() {
            try await raise(seat, without: turn.omitted)
            for (attack, manner) in turn.plays {
                try Task.checkCancellation()
                let outcome = await play(attack, manner, on: seat)
                switch (manner, turn.without) {
                case (.task, ""): tally.countContained(attack.name, outcome)
                case (.task, let words): tally.countContained("\(attack.name) (without \(words))", outcome)
                case (.session, _): tally.countContained("\(attack.name) (session)", outcome)
                case (.control, let words): tally.countControl(attack.name, "without \(words)", outcome)
                case (.bare, _): tally.countControl(attack.name, "bare", outcome)
                case (.known, _): tally.note(attack.name, outcome)
                }
            }
            try await lower(seat)
        }
        return tally
    }

    /// Makes the attempt; once more when nothing can be said of the first one. What held or got through stands.
    private func play(_ attack: Attack, _ manner: Turn.Manner, on seat: Seat) async -> Outcome {
        let first = await playOnce(attack, manner, on: seat)
        guard case .unclear(let why) = first else { return first }
        say(Tally.line("once more", attack.name, why))
        return await playOnce(attack, manner, on: seat)
    }

    private func playOnce(_ attack: Attack, _ manner: Turn.Manner, on seat: Seat) async -> Outcome {
        let scene = await Scene(
            self, seat: seat, attack: attack, isControl: manner == .control || manner == .bare,
            isBare: manner == .bare, isSession: manner == .session)
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
