import TidemillRig

/// The table: what held, what did not, and which attempts are shown to be real.
struct Tally: Sendable {
    private(set) var contained = 0
    private(set) var escaped = 0
    private(set) var controls = 0
    /// Attempts that said nothing, controls that did not succeed.
    private var failures = 0

    /// Whether everything that was tried came out as it must.
    var isGood: Bool { escaped == 0 && failures == 0 }

    static func line(_ verdict: String, _ name: String, _ text: String) -> String {
        verdict.padded(to: 12) + name.padded(to: 20) + text
    }

    /// An attempt that must be held.
    mutating func countContained(_ name: String, _ outcome: Outcome) {
        switch outcome {
        case .held(let why):
            contained += 1
            say(Self.line("contained", name, why))
        case .through(let what):
            escaped += 1
            say(Self.line("ESCAPED", name, what))
        case .missing(let why): say(Self.line("left out", name, why))
        case .unclear(let why):
            failures += 1
            say(Self.line("UNCLEAR", name, why))
        }
    }

    /// An attempt that must succeed.
    mutating func countControl(_ name: String, _ how: String, _ outcome: Outcome) {
        switch outcome {
        case .through(let what):
            controls += 1
            say(Self.line("control-ok", name, "\(how): \(what)"))
        case .missing(let why): say(Self.line("left out", name, "\(how): \(why)"))
        case .held(let why):
            failures += 1
            say(Self.line("NO CONTROL", name, "\(how) it is held all the same: \(why)"))
        case .unclear(let why):
            failures += 1
            say(Self.line("NO CONTROL", name, "\(how): \(why)"))
        }
    }

    /// An attempt that nothing stops, by design: told, not counted.
    mutating func note(_ name: String, _ outcome: Outcome) {
        say(Self.line("not stopped", name, "\(outcome)"))
    }

    mutating func add(_ other: Tally) {
        contained += other.contained
        escaped += other.escaped
        controls += other.controls
        failures += other.failures
    }
}

extension String {
    /// With at least one blank behind it.
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
