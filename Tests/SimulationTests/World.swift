import TidemillModel
import TidemillReconcilers
import TidemillScheduler
import TidemillSeams
import TidemillStore
import TidemillWire

/// The simulated cluster and its workload: what happens next is drawn from the seed.
struct World {
    private let clock = HandClock()
    private let resources: Resources
    private let broken: BrokenRule
    private var random: SeededGenerator
    private var controller: ControllerParts
    private var agents: [SimulatedAgent]
    private var invariants = Invariants()
    private var jobsMade = 0
    private let mirror: ObjectMirror
    private let joins = MemoryJoinLog()
    private var latest: (revision: Revision, state: WorldState)?
    /// What has happened in this history, so that a run can show that it was worth running.
    private(set) var seen: Set<String> = []

    init(seed: UInt64, broken: BrokenRule) async throws {
        self.broken = broken
        random = SeededGenerator(seed: seed)
        let randomness = SeededRandomness(seed: seed)
        resources = Resources(store: MemoryStore(time: clock), time: clock, randomness: randomness)
        try await resources.bootstrap()
        mirror = ObjectMirror(resources)
        controller = ControllerParts(mirror, joins)
        agents = ["node-a", "node-b", "node-c"].map { SimulatedAgent(name: $0) }
        for index in agents.indices {
            agents[index].ignoresDeadlines = broken == .agentsIgnoreDeadlines
            try await resources.transact([.create(agents[index].node), .create(agents[index].device)])
        }
    }

    /// One step: time passes, something may break or be asked for, and some of the parts get their turn.
    mutating func step(withFaults: Bool) async throws {
        clock.move(by: .milliseconds(Int64(100 + random.next() % 900)))
        for index in agents.indices { agents[index].live(until: clock.now()) }
        if withFaults {
            try await ask()
            disturb()
        }
        for index in agents.indices { try await turn(of: index) }
        await controller.lifecycle.passTime()
        // Each part runs in most steps, in an order that differs from step to step.
        var parts = Array(0..<5)
        parts.shuffle(using: &random)
        try await check()
        for part in parts where !withFaults || random.next() % 4 != 0 {
            let before = await resources.store.currentRevision()
            await tick(part)
            if await resources.store.currentRevision() != before { try await check() }
        }
        if broken == .lostSharesAreFree {
            try await freeLostShares()
            try await check()
        }
    }

    private func tick(_ part: Int) async {
        switch part {
        case 0: await controller.lifecycle.tick()
        case 1: await controller.scheduler.cycle()
        case 2: await controller.jobs.tick()
        case 3: await controller.allocations.tick()
        default: await controller.garbage.tick()
        }
    }

    // MARK: Workload and faults

    /// Submits a job now and then, and deletes one more rarely.
    private mutating func ask() async throws {
        if random.next() % 8 == 0, jobsMade < 12 {
            jobsMade += 1
            try await resources.transact([.create(Self.job("job-\(jobsMade)", &random))])
        }
        if random.next() % 60 == 0, let victim = try await state().jobs.first {
            try await resources.transact([.delete(victim.ref, revision: nil)])
        }
    }

    private static func job(_ name: String, _ random: inout SeededGenerator) -> Kinds.Job {
        let stops = random.next() % 3 != 0
        return Kinds.Job(
            metadata: ObjectMeta(name: name, namespace: "default"),
            spec: Kinds.JobSpec(
                gang: Kinds.Gang(min: Int64(1 + random.next() % 3)),
                slice: Kinds.SliceRequest(
                    cpu: Quantity(milliCPU: Int64(500 * (1 + random.next() % 4))), memory: Quantity(bytes: 256 << 20)),
                template: Kinds.TaskTemplate(command: ["true"]),
                retries: Int64(random.next() % 3),
                onDisconnect: stops
                    ? Kinds.OnDisconnect(policy: .stop, after: APIDuration(.seconds(Int64(3 + random.next() % 10))))
                    : Kinds.OnDisconnect(policy: .keep)))
    }

    private mutating func disturb() {
        let victim = Int(random.next() % UInt64(agents.count))
        switch random.next() % 40 {
        case 0, 1: agents[victim].isConnected = false
        case 2, 3, 4, 5: agents[victim].isConnected = true
        case 6: agents[victim].reboot()
        case 7: agents[victim].restart()
        case 8: controller = ControllerParts(mirror, joins)
        default: break
        }
    }

    /// Faults stop: all nodes are reachable and stay so.
    mutating func heal() {
        for index in agents.indices { agents[index].isConnected = true }
    }

    // MARK: Agents

    private mutating func turn(of index: Int) async throws {
        let now = clock.now()
        guard agents[index].isConnected else { return }
        let isDue = agents[index].lastHeartbeat.map { now.since($0) >= agents[index].interval } ?? true
        if isDue || !agents[index].isAccepted {
            agents[index].lastHeartbeat = now
            let reply = await controller.lifecycle.heartbeat(agents[index].heartbeat(at: now))
            agents[index].isAccepted = reply.accepted
            agents[index].interval = .milliseconds(reply.intervalMilliseconds)
            if reply.accepted { agents[index].acknowledged = now }
        }
        guard agents[index].isAccepted else { return }
        try await reportBoot(of: agents[index])
        let state = try await state()
        let view = AgentView(
            slices: state.slices,
            tasks: Dictionary(
                state.tasks.map { ("\($0.metadata.namespace)/\($0.metadata.name)", $0) },
                uniquingKeysWith: { first, _ in first }),
            gangs: Dictionary(
                state.jobs.compactMap { job in job.status.gang.map { (job.metadata.uid, $0) } },
                uniquingKeysWith: { first, _ in first }))
        for report in agents[index].act(on: view, at: now, random: &random) {
            // An agent's write may be lost on the way; it tries again with its next turn.
            if random.next() % 10 == 0 { continue }
            if await send(report.changes), let uid = report.forgets { agents[index].holds[uid] = nil }
        }
    }

    private func send(_ changes: [Change]) async -> Bool {
        do {
            try await resources.transact(changes)
            return true
        } catch {
            return false
        }
    }

    private func reportBoot(of agent: SimulatedAgent) async throws {
        guard var node = try await resources.read(Kinds.Node.self, name: agent.name), node.status.bootID != agent.bootID
        else { return }
        node.status.bootID = agent.bootID
        _ = await send([.updateStatus(node)])
    }

    // MARK: Judging

    private mutating func state() async throws -> WorldState {
        let revision = await resources.store.currentRevision()
        if let latest, latest.revision == revision { return latest.state }
        let records = try await resources.records(prefix: NodeAllocation.prefix)
        let state = WorldState(
            jobs: try await mirror.all(Kinds.Job.self).objects,
            slices: try await mirror.all(Kinds.Slice.self).objects,
            tasks: try await mirror.all(Kinds.Task.self).objects,
            records: records.compactMap { NodeAllocation(stored: $0.value) })
        latest = (revision, state)
        return state
    }

    private mutating func check() async throws {
        let state = try await state()
        try invariants.check(state, agents)
        seen.formUnion(state.jobs.map { "job \($0.status.state)" })
        seen.formUnion(state.jobs.compactMap(\.status.gang).map { "gang \($0.state)" })
        seen.formUnion(state.slices.map { "slice \($0.status.state)" })
        seen.formUnion(state.tasks.map { "task \($0.status.state)" })
        if state.slices.contains(where: { !$0.status.refusedBy.isEmpty }) { seen.insert("refusal") }
        if state.slices.contains(where: { $0.status.reason == "NodeDisconnected" }) { seen.insert("silence") }
        if state.jobs.contains(where: { $0.status.failures ?? 0 > 0 && !$0.status.state.isFinal }) {
            seen.insert("retry")
        }
    }

    mutating func hasConverged() async throws -> Bool {
        do {
            try await checkConverged()
            return true
        } catch is Invariants.Violation {
            return false
        }
    }

    mutating func checkConverged() async throws {
        let state = try await state()
        try invariants.checkConverged(state, agents)
    }

    /// The broken rule: what a Lost slice held is given away.
    private mutating func freeLostShares() async throws {
        let lost = Set(try await state().slices.filter { $0.status.state == .lost }.map(\.metadata.uid))
        for stored in try await resources.records(prefix: NodeAllocation.prefix) {
            guard var record = NodeAllocation(stored: stored.value) else { continue }
            record.held.removeAll { lost.contains($0.sliceUID.rawValue) }
            try await resources.transact([.putRecord(key: stored.key, record.json, expected: stored.revision)])
        }
    }
}

extension SimulatedAgent {
    var node: Kinds.Node {
        let amounts = Kinds.ResourceAmounts(
            cpu: Quantity(milliCPU: Self.capacityMilliCPU), memory: Quantity(bytes: 8 << 30))
        return Kinds.Node(
            metadata: ObjectMeta(name: name), spec: Kinds.NodeSpec(),
            status: Kinds.NodeStatus(
                capacity: amounts, allocatable: amounts, bootID: bootID, machineID: "machine-\(name)"))
    }

    var device: Kinds.Device {
        let amounts = Kinds.DeviceAmounts(
            cpu: Quantity(milliCPU: Self.capacityMilliCPU), memory: Quantity(bytes: 8 << 30))
        return Kinds.Device(
            metadata: ObjectMeta(name: "\(name)-cpu0"), spec: Kinds.DeviceSpec(),
            status: Kinds.DeviceStatus(
                node: name, vendor: "cpu", capacity: amounts, allocatable: amounts, health: .healthy,
                isolation: ["enforced"]))
    }
}
