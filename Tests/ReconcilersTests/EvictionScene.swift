import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams

/// Nodes with measures, and jobs with members on them, as an observation.
struct EvictionScene {
    var nodes: [Kinds.Node] = []
    var jobs: [Kinds.Job] = []
    var held: [Kinds.Slice] = []
    var hold: GrantPermission.Hold?
    var now = Timestamp(seconds: 1000)

    mutating func node(
        _ name: String, _ state: Kinds.NodeState = .ready, drain: Kinds.Drain? = nil, maintenance: Bool = false,
        taints: [Kinds.Taint] = [], told: Kinds.ConditionStatus? = nil
    ) {
        var node = Kinds.Node(
            metadata: ObjectMeta(name: name, uid: "uid-\(name)", resourceVersion: "3", generation: 2),
            spec: Kinds.NodeSpec(drain: drain, maintenance: maintenance, taints: taints),
            status: Kinds.NodeStatus(state: state))
        node.status.conditions = [Kinds.Condition(type: "Ready", status: .true)]
        if let told { node.status.conditions.append(Kinds.Condition(type: "Draining", status: told)) }
        nodes.append(node)
    }

    /// A job of which one member is held on each of `nodes`.
    mutating func job(
        _ name: String, on nodes: [String], _ gang: Kinds.GangState = .started,
        _ preemptibility: Kinds.Preemptibility = .preemptible, slices state: Kinds.SliceState = .active,
        budget: Kinds.DisruptionBudget? = nil, evictedAt: [Int64] = [], tolerations: [Kinds.Toleration] = []
    ) {
        var job = Kinds.Job(
            metadata: ObjectMeta(name: name, namespace: "lab", uid: "uid-\(name)", resourceVersion: "4"),
            spec: Kinds.JobSpec(
                gang: Kinds.Gang(min: Int64(nodes.count)), slice: Kinds.SliceRequest(),
                template: Kinds.TaskTemplate(command: ["true"]), preemptibility: preemptibility,
                disruptionBudget: budget))
        job.status.state = gang == .started ? .running : .queued
        job.status.gang = Kinds.GangRecord(attempt: 1, state: gang, nodes: nodes)
        job.status.evictedAt = evictedAt.map { Timestamp(seconds: $0) }
        jobs.append(job)
        for (index, node) in nodes.enumerated() {
            let member = Kinds.AttemptRef(
                job: name, jobUID: "uid-\(name)", index: Int64(index), attempt: 1, size: Int64(nodes.count))
            slice("\(name)-1-\(index)", on: node, state, preemptibility, member: member, tolerations: tolerations)
        }
    }

    mutating func slice(
        _ name: String, on node: String, _ state: Kinds.SliceState = .active,
        _ preemptibility: Kinds.Preemptibility = .preemptible, member: Kinds.AttemptRef? = nil,
        tolerations: [Kinds.Toleration] = []
    ) {
        var slice = Kinds.Slice(
            metadata: ObjectMeta(name: name, namespace: "lab", uid: "uid-\(name)", resourceVersion: "6"),
            spec: Kinds.SliceSpec(
                request: Kinds.SliceRequest(), member: member, onDisconnect: Kinds.OnDisconnect(policy: .keep),
                preemptibility: preemptibility, tolerations: tolerations),
            status: Kinds.SliceStatus(state: state))
        slice.status.grant = Kinds.Grant(
            node: node, bootID: "boot", epoch: 1, token: 50, sliceUID: "uid-\(name)", shares: [], policy: .keep)
        if state == .active { slice.status.activeAt = Timestamp(seconds: 900) }
        held.append(slice)
    }

    var plan: EvictionPlan {
        EvictionPlan.plan(EvictionObservation(nodes: nodes, jobs: jobs, held: held, hold: hold, now: now))
    }

    /// What the plan evicts or abandons, without what the nodes say.
    var evictions: String { lines { !$0.hasPrefix("Node ") } }
    /// What the nodes say.
    var told: String { lines { $0.hasPrefix("Node ") } }

    private func lines(_ isMeant: (Substring) -> Bool) -> String {
        plan.description.split(separator: "\n").filter(isMeant).joined(separator: "\n")
    }

    /// The job as the plan leaves it.
    func after(_ name: String) -> Kinds.Job? {
        plan.transactions.flatMap(\.changes).compactMap { $0.object as? Kinds.Job }.first { $0.metadata.name == name }
    }

    static func drain(
        timeout: Duration? = nil, force: Bool = false, maxConcurrent: Int64? = nil, startedAt: Int64? = 950
    ) -> Kinds.Drain {
        Kinds.Drain(
            timeout: timeout.map { APIDuration($0) }, force: force, maxConcurrent: maxConcurrent,
            startedAt: startedAt.map { Timestamp(seconds: $0) })
    }
}
