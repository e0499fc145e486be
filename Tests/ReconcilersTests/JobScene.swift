import TidemillModel
import TidemillReconcilers
import TidemillSeams

/// A job with its members in given states, as an observation.
struct JobScene {
    var job: Kinds.Job
    var slices: [Kinds.Slice] = []
    var tasks: [Kinds.Task] = []
    var namesTaken: Set<String> = []
    var now = Timestamp(seconds: 1000)

    init(members: Int64 = 2, retries: Int64 = 0, ttl: Duration? = nil) throws {
        job = Kinds.Job(
            metadata: ObjectMeta(name: "j", namespace: "lab", uid: "uid-j", resourceVersion: "5", generation: 1),
            spec: Kinds.JobSpec(
                gang: Kinds.Gang(min: members),
                slice: Kinds.SliceRequest(cpu: try Quantity(parsing: "1"), memory: try Quantity(parsing: "1Gi")),
                template: Kinds.TaskTemplate(command: ["true"]), retries: retries,
                ttlAfterFinished: ttl.map { APIDuration($0) }))
    }

    /// The gang record, with the job in the state that fits.
    mutating func gang(_ state: Kinds.GangState, attempt: Int64 = 1, nodes: [String] = ["a"]) {
        job.status.state = state == .started ? .running : .queued
        job.status.observedGeneration = 1
        job.status.gang = Kinds.GangRecord(attempt: attempt, state: state, nodes: nodes)
        job.status.members = job.spec.gang.min
        job.status.succeeded = 0
    }

    /// A member of an attempt. Its grant is on `node`, with token 50.
    mutating func member(
        _ index: Int64, _ state: Kinds.SliceState, task taskState: Kinds.TaskState = .pending, attempt: Int64 = 1,
        node: String? = "a", end: Kinds.TaskEnd? = nil, change: (inout Kinds.Slice) -> Void = { _ in }
    ) {
        let name = "j-\(attempt)-\(index)"
        let member = Kinds.AttemptRef(
            job: "j", jobUID: "uid-j", index: index, attempt: attempt, size: job.spec.gang.min)
        var slice = Kinds.Slice(
            metadata: ObjectMeta(name: name, namespace: "lab", uid: "uid-\(name)", resourceVersion: "6"),
            spec: Kinds.SliceSpec(
                request: job.spec.slice, member: member, onDisconnect: Kinds.OnDisconnect(policy: .keep)),
            status: Kinds.SliceStatus(state: state))
        if let node, state != .pending {
            slice.status.grant = Kinds.Grant(
                node: node, bootID: "boot", epoch: 1, token: 50, sliceUID: "uid-\(name)",
                shares: [Kinds.Share(device: "\(node)-cpu0", cardUnits: "1/8")], policy: .keep)
        }
        change(&slice)
        slices.append(slice)
        var task = Kinds.Task(
            metadata: ObjectMeta(name: name, namespace: "lab", uid: "uid-t-\(name)", resourceVersion: "7"),
            spec: Kinds.TaskSpec(slice: name, member: member, template: job.spec.template))
        task.status.state = taskState
        task.status.end = end ?? (taskState.isFinal ? Kinds.TaskEnd(exitCode: 7, reason: "Error", token: 50) : nil)
        tasks.append(task)
    }

    var plan: JobPlan {
        JobPlan.plan(JobObservation(job: job, slices: slices, tasks: tasks, namesTaken: namesTaken, now: now))
    }

    /// The job as the plan leaves it; nil when the plan does not write it.
    var jobAfter: Kinds.Job? {
        plan.transactions.joined().compactMap { change in
            if case .status(let object) = change { object as? Kinds.Job } else { nil }
        }.last
    }

    /// The slices that the plan creates.
    var created: [Kinds.Slice] {
        plan.transactions.joined().compactMap { change in
            if case .create(let object) = change { object as? Kinds.Slice } else { nil }
        }
    }
}
