/// Attempts that one node makes one after the other, with the same mechanisms left out.
struct Turn: Sendable {
    /// How an attempt is made, and what is asked of it.
    enum Manner: Sendable {
        /// As a task; what is not left out must hold it.
        case task
        /// From a session in the slice of another command; the same is asked.
        case session
        /// As a task, without that which holds it: it must succeed.
        case control
        /// The same without any slice.
        case bare
        /// As a task; nothing holds it, by design.
        case known
    }

    var omitted: [String] = []
    var plays: [(attack: Attack, manner: Manner)]

    /// `omitted` for people.
    var without: String { omitted.joined(separator: ",") }

    /// All attempts with every mechanism on, one turn for each seat; then those without some mechanisms, of which the longest
    /// turns come first.
    static func all(
        _ attacks: [Attack], _ known: [Attack], seats: Int, controls: Bool, sessionsOnly: Bool
    ) -> [Turn] {
        var whole: [(Attack, Manner)] = []
        if !sessionsOnly { whole += attacks.map { ($0, .task) } }
        whole += attacks.filter(\.isForSessions).map { ($0, .session) }
        if !sessionsOnly { whole += known.map { ($0, .known) } }
        if controls { whole += attacks.filter(\.control.isBare).map { ($0, .bare) } }
        let most = max(1, (whole.count + seats - 1) / seats)
        let turns = stride(from: 0, to: whole.count, by: most).map { start in
            Turn(plays: Array(whole[start..<min(start + most, whole.count)]))
        }
        return controls ? turns + weakened(attacks) : turns
    }

    /// Every attempt without what stops it, and without all but one of the things that stop it.
    private static func weakened(_ attacks: [Attack]) -> [Turn] {
        var plays: [[String]: [(Attack, Manner)]] = [:]
        for attack in attacks {
            if case .without(let omitted) = attack.control {
                plays[omitted.sorted(), default: []].append((attack, .control))
            }
            for layer in attack.layers { plays[layer.sorted(), default: []].append((attack, .task)) }
        }
        return plays.map { Turn(omitted: $0.key, plays: $0.value) }.sorted {
            ($1.plays.count, $0.without) < ($0.plays.count, $1.without)
        }
    }
}

extension Attack.Control {
    var isBare: Bool {
        if case .bare = self { return true }
        return false
    }
}

/// The turns that nobody has taken yet.
actor Turns {
    private var left: ArraySlice<Turn>

    init(_ turns: [Turn]) { left = turns[...] }

    func next() -> Turn? { left.popFirst() }
}
