import TidemillSeams

/// What happened in one history, a line each: when, who, what.
final class Chronicle {
    private(set) var lines: [String] = []
    private let isKept: Bool
    /// What kinds of things happened, so that a run can show that it was worth running.
    private(set) var seen: Set<String> = []

    init(isKept: Bool) {
        self.isKept = isKept
    }

    func note(_ now: Instant, _ actor: String, _ text: @autoclosure () -> String) {
        guard isKept else { return }
        let milliseconds = now.nanoseconds / 1_000_000
        let rest = String(milliseconds % 1000)
        let seconds = String(milliseconds / 1000)
        let time =
            String(repeating: " ", count: max(0, 4 - seconds.utf8.count)) + seconds + "."
            + String(repeating: "0", count: 3 - rest.utf8.count) + rest
        let name = actor + String(repeating: " ", count: max(0, 12 - actor.utf8.count))
        lines.append("\(time)  \(name)  \(text())")
    }

    func saw(_ what: String) { seen.insert(what) }
}
