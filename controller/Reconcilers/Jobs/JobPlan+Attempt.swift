import TidemillModel
import TidemillSeams

/// The objects of one attempt of a job's gang.
struct Attempt {
    /// Held by every slice until its node has confirmed that nothing is left.
    static let releaseFinalizer = "tidemill.dev/release"
    /// Carries a slice's earlier refusals (`node=times,…`), since a grant clears the refusal of its node.
    static let refusalsAnnotation = "tidemill.dev/refusals"
    /// Reason of slices and tasks that are ended because another member of their gang was: not a failure of their own.
    static let gangEnded = "GangEnded"

    var job: Kinds.Job
    var number: Int64
    var size: Int64

    init(job: Kinds.Job, number: Int64, size: Int64) {
        self.job = job
        self.number = number
        self.size = size
    }

    func name(_ index: Int64) -> String { "\(job.metadata.name)-\(number)-\(index)" }
    var names: [String] { (0..<size).map(name) }

    func slice(_ index: Int64, refusedBy: [Kinds.Refusal]) -> Kinds.Slice {
        var slice = Kinds.Slice(
            metadata: metadata(index),
            spec: Kinds.SliceSpec(
                request: job.spec.slice, member: member(index), onDisconnect: job.effectiveOnDisconnect,
                preemptibility: job.spec.preemptibility, tolerations: job.spec.tolerations),
            status: Kinds.SliceStatus(refusedBy: refusedBy))
        slice.metadata.finalizers = [Self.releaseFinalizer]
        if !refusedBy.isEmpty {
            slice.metadata.annotations[Self.refusalsAnnotation] =
                refusedBy.map { "\($0.node)=\($0.times)" }.joined(separator: ",")
        }
        return slice
    }

    func task(_ index: Int64) -> Kinds.Task {
        Kinds.Task(
            metadata: metadata(index),
            spec: Kinds.TaskSpec(slice: name(index), member: member(index), template: job.spec.template))
    }

    private func metadata(_ index: Int64) -> ObjectMeta {
        ObjectMeta(
            name: name(index), namespace: job.metadata.namespace,
            labels: [
                "tidemill.dev/job": job.metadata.name, "tidemill.dev/attempt": "\(number)",
                "tidemill.dev/index": "\(index)",
            ],
            ownerReferences: [
                OwnerReference(
                    apiVersion: Kinds.Job.info.apiVersion, kind: Kinds.Job.info.kind, name: job.metadata.name,
                    uid: job.metadata.uid, controller: true, blockOwnerDeletion: true)
            ])
    }

    private func member(_ index: Int64) -> Kinds.AttemptRef {
        Kinds.AttemptRef(
            job: job.metadata.name, jobUID: job.metadata.uid, index: index, attempt: number, size: size)
    }
}

/// How long to wait after a failure or an interruption: 1 s, doubled each time up to 5 min, less up to half of it at random, so that jobs
/// which failed together do not come back together.
package enum BackOff {
    package static func delaySeconds(times: Int64, jitter: UInt64) -> Int64 {
        let full = times >= 9 ? 300 : Int64(1) << Swift.max(0, times - 1)
        let half = full / 2
        return full - (half > 0 ? Int64(jitter % UInt64(half + 1)) : 0)
    }
}

/// One member of the current attempt, as observed.
struct Member {
    var index: Int64
    var slice: Kinds.Slice?
    var task: Kinds.Task?

    /// The node holds nothing of it any more, or can run nothing of it any more.
    var isAtRest: Bool {
        guard let slice else { return true }
        switch slice.status.state {
        case .released, .lost: return true
        case .pending: return slice.status.grant == nil
        case .reserved, .prepared, .active, .releasing, .scrubbing: return false
        }
    }

    /// The node refused the grant that the slice still carries.
    var isRefused: Bool {
        guard let slice, slice.status.state == .reserved, let grant = slice.status.grant else { return false }
        return slice.status.refusedBy.contains { $0.node == grant.node }
    }

    /// Its part in the attempt is over or cannot come: deleted, ended, or its node is silent.
    var cannotStart: Bool {
        guard let slice, task != nil, !slice.metadata.isTerminating else { return true }
        switch slice.status.state {
        case .releasing, .scrubbing, .released, .lost: return true
        case .pending, .reserved, .prepared, .active: return slice.status.reason == "NodeDisconnected"
        }
    }

    /// How the task ended; nil while it runs. The end of an older attempt than the grant does not count (invariant 1b).
    var ended: Kinds.TaskState? {
        guard let task else { return .lost }
        let state = task.status.state
        guard state.isFinal, !isStale(task) else {
            guard let slice else { return .lost }
            return slice.status.state == .lost || slice.status.state == .released ? .lost : nil
        }
        return task.status.end?.reason == Attempt.gangEnded ? .preempted : state
    }

    /// An operator's measure asked for its end, as far as the slice and the task still say so.
    var isEvicted: Bool {
        EvictionReason.contains(slice?.status.reason) || EvictionReason.contains(task?.status.end?.reason)
    }

    /// How the task ended in an attempt that was evicted: one that fails while its gang is taken away, by exit status and
    /// not by a limit of its own, went with its gang.
    var endedByEviction: Kinds.TaskState? {
        ended == .failed && task?.status.end?.reason == "Error" ? .preempted : ended
    }

    private func isStale(_ task: Kinds.Task) -> Bool {
        guard let grant = slice?.status.grant, let token = task.status.end?.token ?? task.status.token else {
            return false
        }
        return token < grant.token
    }

    var finishedAt: Timestamp { task?.status.end?.finishedAt ?? Timestamp(seconds: .max) }
}
