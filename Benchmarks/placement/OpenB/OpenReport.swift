import TidemillPlacement

/// All rows of the openb bench, and what they come to.
package struct OpenReport: Sendable {
    private struct Means {
        var allocation: [Int: Double] = [:]
        var fragmentation = 0.0
        var placed = 0.0
        var earlyFailures = 0.0
        var perSecond = 0.0
        var mismatches: Int?
    }

    private let settings: FillPolicy.Settings
    private let patience: Patience
    private let say: @Sendable (String) -> Void
    private var above = 0
    private var workloads = 0
    private var standard: Double?
    private var patient: Double?
    private var decisions = 0
    private var seconds = 0.0
    private var mismatches = 0

    package init(
        settings: FillPolicy.Settings = .init(), patience: Patience = .init(), say: @escaping @Sendable (String) -> Void
    ) {
        self.settings = settings
        self.patience = patience
        self.say = say
    }

    package static let head =
        pad("workload", 12) + pad("policy", 12)
        + ["80 %", "95 %", "100 %", "130 %", "published", "frag.", "placed", "early", "per s"].map { pad(left: $0, 10) }
        .joined()

    /// Runs and prints one workload.
    package mutating func add(_ trace: OpenTrace, _ published: OpenPublished, scans: Bool) {
        let popularity = Popularity(trace.pods)
        let fragmentation = FragmentationPolicy(typical: popularity.typical(), kinds: trace.kinds)
        let fill = FillPolicy(popularity, kinds: trace.kinds, settings: settings)
        func row(_ name: String, as known: String? = nil, _ run: (OpenTrace.Arrival) -> OpenOutcome) -> Means {
            let outcomes = trace.arrivals.map(run)
            let means = Self.means(outcomes)
            say(
                Self.line(
                    trace.workload, name, means,
                    published: known.flatMap { published.allocation(trace.workload, $0, at: 130) }))
            return means
        }
        _ = row("BestFit", as: "BestFit") { trace.run(BestFitPolicy(trace.kinds), $0, by: fragmentation) }
        let gradient = row("FGD", as: "FGD") { trace.run(fragmentation, $0, by: fragmentation) }
        var outcomes: [OpenOutcome] = []
        let ours = row("Fill") { arrival in
            outcomes.append(trace.run(fill, arrival, by: fragmentation))
            return outcomes[outcomes.count - 1]
        }
        _ = row("Fill, learning") { trace.runLearning(settings, $0, by: fragmentation) }
        let waiting = trace.arrivals.map { trace.runPatiently(fill, $0, patience, by: fragmentation) }
        let queued = row("Fill, patient") { arrival in
            waiting[trace.arrivals.firstIndex { $0.seed == arrival.seed } ?? 0]
        }
        say(Self.waits(waiting))
        if scans {
            let checks =
                trace.arrivals.map { trace.run(fill, $0, by: fragmentation, scans: true) }
                + trace.arrivals.map { trace.run(fragmentation, $0, by: fragmentation, scans: true) }
            let wrong = checks.reduce(0) { $0 + ($1.mismatches ?? 0) }
            say(
                "  \(checks.reduce(0) { $0 + $1.decisions }) decisions of Fill and FGD repeated by plain scans, \(wrong) differ"
            )
            mismatches += wrong
        }
        workloads += 1
        let bar = published.allocation(trace.workload, "FGD", at: 130) ?? gradient.allocation[130] ?? 0
        let isNeverBelow = [80, 95, 100].allSatisfy {
            (ours.allocation[$0] ?? 0) >= (gradient.allocation[$0] ?? 0) - 0.1
        }
        if (ours.allocation[130] ?? 0) >= bar + 0.3, isNeverBelow { above += 1 }
        if trace.workload == "default" { (standard, patient) = (ours.allocation[130], queued.allocation[130]) }
        decisions += outcomes.reduce(0) { $0 + $1.decisions }
        seconds += outcomes.reduce(0) { $0 + $1.seconds }
    }

    /// The last line.
    package var summary: String {
        "openb: above_fgd=\(above)/\(workloads) default=\(two(standard)) patient=\(two(patient)) decisions_per_s=\(Int(Double(decisions) / max(seconds, 1e-9)))"
    }

    package var isGood: Bool {
        above == workloads && mismatches == 0 && standard.map { $0 >= 96.1 } ?? true
            && patient.map { $0 >= 97.0 } ?? true
    }

    private static func means(_ outcomes: [OpenOutcome]) -> Means {
        let count = Double(max(outcomes.count, 1))
        func mean(_ value: (OpenOutcome) -> Double) -> Double { outcomes.reduce(0) { $0 + value($1) } / count }
        var means = Means()
        for mark in OpenOutcome.marks { means.allocation[mark] = mean { $0.allocation[mark] ?? 0 } }
        means.fragmentation = mean(\.fragmentation)
        means.placed = mean { Double($0.placed) }
        means.earlyFailures = mean { Double($0.earlyFailures) }
        means.perSecond =
            Double(outcomes.reduce(0) { $0 + $1.decisions }) / max(outcomes.reduce(0) { $0 + $1.seconds }, 1e-9)
        return means
    }

    private static func line(_ workload: String, _ policy: String, _ means: Means, published: Double?) -> String {
        let cells =
            OpenOutcome.marks.map { two(means.allocation[$0]) } + [
                published.map { two($0) } ?? "", two(means.fragmentation), String(Int(means.placed.rounded())),
                one(means.earlyFailures),
                String(Int(means.perSecond)),
            ]
        return pad(workload, 12) + pad(policy, 16) + cells.map { pad(left: $0, 10) }.joined()
    }

    private static func waits(_ outcomes: [OpenOutcome]) -> String {
        let count = Double(max(outcomes.count, 1))
        let waited = outcomes.reduce(0) { $0 + $1.waited }
        let mean = outcomes.reduce(0.0) { $0 + $1.meanWait } / count
        return
            "  patient: \(Int(Double(waited) / count)) pods waited, \(Int(mean)) arrivals on average, \(outcomes.map(\.longestWait).max() ?? 0) at most; the longest queue was \(outcomes.map(\.longestQueue).max() ?? 0); no moves"
    }
}

func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
func pad(left text: String, _ width: Int) -> String { String(repeating: " ", count: max(1, width - text.count)) + text }
func two(_ value: Double?) -> String {
    guard let value else { return "-" }
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}
func one(_ value: Double) -> String { String((value * 10).rounded() / 10) }
