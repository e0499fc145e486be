import TidemillModel
import TidemillSeams
import TidemillWire

/// One job as `up` shows it.
struct JobRow: Equatable {
    static let header = ["JOB", "STATE", "REASON", "NODE", "DEVICE", "GRADE", "DURATION", "CARD-SECONDS"]

    var job: String
    var state: Kinds.JobState
    var reason: String
    var node: String
    var device: String
    var grade: String
    var duration: String
    var cardSeconds: String

    /// `slices` are those of the job, of any attempt; the latest counts.
    init(_ job: Kinds.Job, slices: [Kinds.Slice], now: Timestamp) {
        let attempt = job.status.gang?.attempt
        let current = slices.filter { $0.spec.member?.attempt == attempt }
        let grants = current.compactMap(\.status.grant)
        let grades = current.compactMap { $0.status.isolation?.rawValue }
        self.job = job.metadata.name
        state = job.status.state
        reason = job.status.reason ?? ""
        node = Self.joined(grants.map(\.node) + (job.status.gang?.nodes ?? []))
        device = Self.joined(grants.flatMap { $0.shares.map(\.device) })
        grade = job.status.isolation?.rawValue ?? Self.joined(grades)
        cardSeconds = job.status.cardSeconds ?? ""
        if let start = job.status.startedAt {
            let end = job.status.finishedAt ?? now
            duration = HumanDuration.text(.seconds(end.seconds - start.seconds))
        } else {
            duration = ""
        }
    }

    var isFinal: Bool { state.isFinal }

    /// A dash stands for what is not known.
    var cells: [String] {
        [job, state.rawValue, reason, node, device, grade, duration, cardSeconds].map { $0.isEmpty ? "-" : $0 }
    }

    /// What `up` prints when it changes: everything but the running time.
    func isSame(as other: JobRow) -> Bool {
        var mine = self
        mine.duration = other.duration
        return mine == other
    }

    private static func joined(_ names: [String]) -> String {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }.joined(separator: ",")
    }
}
