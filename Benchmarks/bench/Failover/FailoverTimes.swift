import TidemillClient
import TidemillModel
import TidemillRig

/// What deaths of a node took, in seconds since the SIGKILL.
struct FailoverTimes: Sendable {
    /// Until the work ran elsewhere.
    var seconds: [Double] = []
    var steps: [SliceSteps.Step: [Double]] = [:]

    /// When each step was seen by a watcher, at the median.
    var way: String {
        SliceSteps.Step.allCases.compactMap { step in steps[step].map { "\(step.rawValue) \(figure(median($0)))" } }
            .joined(separator: ", ")
    }
}

/// When a watcher first saw each step of jobs on their way from their first attempt to their second.
actor SliceSteps {
    enum Step: String, Hashable, CaseIterable, Sendable {
        case lost = "Lost"
        case planned = "next attempt"
        case granted
        case prepared
        case active
    }

    private var seen: [String: [Step: Int64]] = [:]

    func of(_ job: String) -> [Step: Int64] { seen[job] ?? [:] }

    func take(_ event: ObjectEvent<Kinds.Slice>) {
        switch event {
        case .added(let slice), .modified(let slice): note(slice, at: Kernel.bootNanoseconds())
        case .deleted, .bookmark: break
        }
    }

    private func note(_ slice: Kinds.Slice, at now: Int64) {
        guard let member = slice.spec.member else { return }
        func note(_ step: Step) {
            if seen[member.job]?[step] == nil { seen[member.job, default: [:]][step] = now }
        }
        if member.attempt == 1 {
            if slice.status.state == .lost { note(.lost) }
            return
        }
        note(.planned)
        switch slice.status.state {
        case .reserved: note(.granted)
        case .prepared: note(.prepared)
        case .active: note(.active)
        default: break
        }
    }
}
