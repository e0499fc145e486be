import TidemillModel
import TidemillWire

/// What a manifest says its job should come to, in the annotation `tidemill.dev/expect`: `Succeeded`, or with the reason,
/// `Failed/MemoryLimitExceeded`. `tidemill.dev/expect-advisory` counts instead where nothing could be enforced.
struct ExpectedEnd: Equatable {
    var job: String
    var expected: String?
    var expectedUnenforced: String?

    init(manifest: JSON) {
        let annotations = manifest.at(["metadata", "annotations"])
        job = manifest.objectName
        expected = annotations?["tidemill.dev/expect"]?.string
        expectedUnenforced = annotations?["tidemill.dev/expect-advisory"]?.string
    }

    /// What is wrong with the job's end, in a sentence; nil when it is as expected. Without a row the job is gone.
    func complaint(_ row: JobRow?) -> String? {
        guard let row else { return "job \(job) was deleted before it ended \(expected ?? "Succeeded")" }
        let isAdvisory = row.grade == Kinds.IsolationGrade.advisory.rawValue
        let wanted = (isAdvisory ? expectedUnenforced : nil) ?? expected ?? "Succeeded"
        let parts = wanted.split(separator: "/", maxSplits: 1).map(String.init)
        let isMet = row.state.rawValue == parts[0] && (parts.count == 1 || row.reason == parts[1])
        if isMet { return nil }
        let found = row.state.rawValue + (row.reason.isEmpty ? "" : "/\(row.reason)")
        return "job \(job) was expected to end \(wanted) and is \(found)"
    }

    /// Whether one of the complaints is about the job.
    static func isMentioned(_ job: String, _ complaints: [String]) -> Bool {
        complaints.contains { $0.hasPrefix("job \(job) ") }
    }
}
