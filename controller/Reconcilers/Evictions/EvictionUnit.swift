import TidemillModel
import TidemillSeams

/// What is evicted together: the slices of one attempt of a gang that are held somewhere, or one slice that is nobody's.
struct EvictionUnit {
    var job: Kinds.Job?
    /// By name.
    var slices: [Kinds.Slice]

    /// Groups what is held, in the order of namespaces and names.
    static func all(_ held: [Kinds.Slice], jobs: [Kinds.Job]) -> [EvictionUnit] {
        let byUID = Dictionary(jobs.map { ($0.metadata.uid, $0) }, uniquingKeysWith: { first, _ in first })
        let groups = Dictionary(grouping: held.sorted { $0.path < $1.path }) { slice in
            slice.spec.member.map { "\($0.jobUID)/\($0.attempt)" } ?? slice.metadata.uid
        }
        return groups.values.map { slices in
            EvictionUnit(job: slices.first?.spec.member.flatMap { byUID[$0.jobUID] }, slices: slices)
        }.sorted { ($0.slices.first?.path ?? "") < ($1.slices.first?.path ?? "") }
    }

    /// Slices that would be told to go.
    var movable: [Kinds.Slice] { slices.filter(\.isMovable) }

    enum Stage: Equatable {
        /// On its way out for another reason, or not yet anybody's to evict.
        case passing
        /// Granted, and nothing of it runs: it can be taken back.
        case waitingToStart
        case running
        /// Told to go in part, by an eviction that was not written whole.
        case partlyEvicted
    }

    var stage: Stage {
        let isGoing = slices.filter { $0.status.state == .releasing || $0.status.state == .scrubbing }
        if isGoing.contains(where: { EvictionReason.contains($0.status.reason) }) { return .partlyEvicted }
        guard let member = slices.first?.spec.member else {
            return isGoing.isEmpty ? .running : .passing
        }
        guard let job, !job.metadata.isTerminating, !job.status.state.isFinal, let gang = job.status.gang,
            gang.attempt == member.attempt, isGoing.isEmpty
        else { return .passing }
        switch gang.state {
        case .drafting, .abandoned: return .passing
        case .committed: return .waitingToStart
        case .started: return .running
        }
    }
}

extension Kinds.Slice {
    /// `namespace/name`
    var path: String { "\(metadata.namespace)/\(metadata.name)" }

    /// The node still has to be asked to end it.
    fileprivate var isMovable: Bool {
        guard !metadata.isTerminating, status.grant != nil else { return false }
        switch status.state {
        case .reserved, .prepared, .active: return true
        case .pending, .releasing, .scrubbing, .released, .lost: return false
        }
    }
}

extension Kinds.NodeState {
    /// The node renews its lease, and so hears what it is asked.
    var isHeard: Bool {
        switch self {
        case .ready, .draining, .cordoned, .maintenance: true
        case .initializing, .suspect, .disconnected, .lost: false
        }
    }
}
