import TidemillModel

/// What came of one attempt.
enum Outcome: Hashable, Sendable {
    /// It got out: what it reached.
    case through(String)
    /// It did not: what stood in its way.
    case held(String)
    /// It makes no sense on this machine.
    case missing(String)
    /// Nothing can be said, which is a failure of the suite.
    case unclear(String)
}

/// What an attempt left behind.
struct Evidence: Sendable {
    /// The attacker's lines, `WORD: TEXT` each.
    var lines: [(word: String, text: String)]
    var end: Kinds.TaskEnd?

    init(report: String, end: Kinds.TaskEnd? = nil) {
        self.end = end
        lines = report.split(separator: "\n").compactMap { line in
            guard let colon = line.firstRange(of: ": ") else { return nil }
            return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
        }
    }

    func last(_ word: String) -> String? { lines.last { $0.word == word }?.text }

    /// What the attacker itself says; nil when it was ended before it could.
    var word: Outcome? {
        if let text = last("through") { return .through(text) }
        if let text = last("missing") { return .missing(text) }
        if let text = last("held") { return .held(text) }
        return nil
    }

    /// What the attacker says, and what became of its task when it says nothing.
    var outcome: Outcome {
        if let word { return word }
        let far = last("at").map { " after \($0)" } ?? ""
        if end?.reason == "MemoryLimitExceeded" { return .held("ended\(far): MemoryLimitExceeded") }
        let how = end.map { end in
            [
                end.reason, end.exitCode.map { "exit status \($0)" }, end.signal.map { "signal \($0)" }, end.message,
            ].compactMap(\.self).joined(separator: ", ")
        }
        return .unclear("the attacker said nothing\(far); its task ended: \(how ?? "unknown")")
    }
}
