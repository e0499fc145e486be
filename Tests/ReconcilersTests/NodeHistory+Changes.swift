import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// What is written to the store.
extension NodeHistory {
    private var resources: Resources { mirror.resources }

    mutating func change() async throws {
        switch below(10) {
        case 0, 1: try await changeNode(one(of: Self.names))
        case 2: try await changeJob("j\(below(3))")
        default: try await changeSlice("s\(below(10))")
        }
    }

    private mutating func changeNode(_ name: String) async throws {
        guard var node = try await resources.read(Kinds.Node.self, name: name) else {
            let states: [Kinds.NodeState?] = [nil, .ready, .ready, .disconnected, .lost, .maintenance]
            let amounts = Kinds.ResourceAmounts(cpu: Quantity(milliCPU: 4000), memory: Quantity(bytes: 8 << 30))
            let node = Kinds.Node(
                metadata: ObjectMeta(name: name), spec: Kinds.NodeSpec(),
                status: Kinds.NodeStatus(
                    state: one(of: states), allocatable: amounts, bootID: "b1", machineID: "m-\(name)"))
            try await resources.transact([.create(node)])
            return
        }
        switch below(8) {
        case 0, 1: return try await delete(Kinds.Node.self, name: name)
        case 2:
            // Whatever is granted on it.
            try await delete(Kinds.Node.self, name: name)
            guard var left = try await resources.read(Kinds.Node.self, name: name) else { return }
            left.metadata.finalizers = []
            try await resources.transact([.update(left)])
            return
        case 3: node.spec.maintenance.toggle()
        case 4, 5:
            node.spec.confirmedDead =
                node.spec.confirmedDead == nil
                ? Kinds.ConfirmedDead(bootID: chance(80) ? node.status.bootID ?? "b1" : "b0") : nil
        case 6: node.spec.rack = one(of: [nil, "r1"])
        default:
            node.status.state = one(of: [.ready, .suspect, .disconnected, .lost])
            node.status.bootID = agents[name].map { "b\($0.boot)" }
            try await resources.transact([.updateStatus(node)])
            return
        }
        try await resources.transact([.update(node)])
    }

    private mutating func changeJob(_ name: String) async throws {
        let nodes = Self.names.filter { _ in chance(40) }
        guard var job = try await resources.read(Kinds.Job.self, namespace: "default", name: name) else {
            let job = Kinds.Job(
                metadata: ObjectMeta(name: name, namespace: "default"),
                spec: Kinds.JobSpec(slice: request, template: Kinds.TaskTemplate(command: ["true"])),
                status: Kinds.JobStatus(gang: Kinds.GangRecord(attempt: 1, state: .committed, nodes: nodes)))
            try await resources.transact([.create(job)])
            return
        }
        switch below(4) {
        case 0: return try await delete(Kinds.Job.self, namespace: "default", name: name)
        case 1: job.status.state = job.status.state.isFinal ? .running : .succeeded
        default: job.status.gang?.nodes = nodes
        }
        try await resources.transact([.updateStatus(job)])
    }

    private mutating func changeSlice(_ name: String) async throws {
        guard var slice = try await resources.read(Kinds.Slice.self, namespace: "default", name: name) else {
            return try await createSlice(name)
        }
        switch below(12) {
        case 0: return try await delete(Kinds.Slice.self, namespace: "default", name: name)
        case 1, 2:
            slice.status.state = .lost
            if chance(50) { slice.status.reason = "NodeDisconnected" }
        case 3: slice.status.state = .released
        case 4:
            slice.status.state = .pending
            slice.status.grant = nil
        case 5, 6: slice.status.grant = grant(on: one(of: Self.names))
        case 7: slice.status.reason = slice.status.reason == nil ? "NodeDisconnected" : nil
        case 8: slice.status.message = "at \(now.nanoseconds)"
        default:
            slice.status.state = one(of: [.reserved, .active, .active, .releasing])
            slice.status.activeAt = slice.status.state == .reserved ? nil : Timestamp(seconds: 990)
        }
        try await resources.transact([.updateStatus(slice)])
    }

    private mutating func createSlice(_ name: String) async throws {
        let slice = Kinds.Slice(
            metadata: ObjectMeta(name: name, namespace: "default"),
            spec: Kinds.SliceSpec(request: request, onDisconnect: Kinds.OnDisconnect(policy: .keep)),
            status: Kinds.SliceStatus(
                state: .active, grant: grant(on: one(of: Self.names)),
                activeAt: chance(70) ? Timestamp(seconds: 990) : nil))
        try await resources.transact([.create(slice)])
        guard chance(60) else { return }
        if var task = try await resources.read(Kinds.Task.self, namespace: "default", name: name) {
            task.status.state = task.status.state.isFinal ? .running : .succeeded
            try await resources.transact([.updateStatus(task)])
        } else {
            let task = Kinds.Task(
                metadata: ObjectMeta(name: name, namespace: "default"),
                spec: Kinds.TaskSpec(slice: name, template: Kinds.TaskTemplate(command: ["true"])),
                status: Kinds.TaskStatus(state: .running, token: 1))
            try await resources.transact([.create(task)])
        }
    }

    private mutating func grant(on node: String) -> Kinds.Grant {
        let policy: Kinds.DisconnectPolicy = chance(70) ? .stop : .keep
        return Kinds.Grant(
            node: node, bootID: "b\(agents[node]?.boot ?? 1)", epoch: 1, token: 1, sliceUID: "s",
            shares: [Kinds.Share(device: "d", cardUnits: "1/2", isolation: .enforced)], policy: policy,
            after: policy == .stop ? APIDuration(.seconds(one(of: [2, 6, 12, 20]))) : nil)
    }

    private var request: Kinds.SliceRequest {
        Kinds.SliceRequest(cpu: Quantity(milliCPU: 1000), memory: Quantity(bytes: 1 << 30))
    }

    private func delete<K: WireObject>(_ kind: K.Type, namespace: String = "", name: String) async throws {
        _ = try await resources.delete(ObjectRef(kind: K.info, namespace: namespace, name: name))
    }
}
