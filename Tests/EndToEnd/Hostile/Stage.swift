import Foundation
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// Two nodes of one controller: on one every mechanism is on, on the other some are left out at a time. Attackers and
/// neighbours are two tenants.
actor Stage {
    static let tenants = (attacker: "attacker", neighbour: "neighbour")
    /// What the agents may keep of a tenant's output, and of one task's until they look again.
    static let logBytes = (tenant: 2 << 20, task: 8 << 20)
    /// What a slice may read, and write, of a disk: less than half of what an emulated one can do when each write is waited for.
    static let ioBytesPerSecond = (Patience.factor > 1 ? 1 : 2) << 20

    nonisolated let rig: Rig
    /// Where reports are written; every slice sees it, and everybody may write there.
    nonisolated let folder: String
    private var neighbours: [Seat: Neighbour] = [:]
    private var tainted: Set<Seat> = []
    /// How the agent of a seat was started last.
    private var ways: [Seat: String] = [:]
    private var scenes = 0

    init(_ rig: Rig) throws {
        self.rig = rig
        folder = "\(rig.folder)/reports"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard chmod(folder, 0o1777) == 0 else { throw RigError("\(folder): errno \(errno)") }
    }

    func open() async throws {
        try await rig.startController()
        for tenant in [Self.tenants.attacker, Self.tenants.neighbour] {
            _ = try await rig.admin().create(
                Kinds.Namespace.info,
                ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(tenant)]])
        }
    }

    /// Makes the nodes of all seats before the first job comes: one that is not tainted yet would take another's.
    func furnish(_ seats: [Seat]) async throws {
        // One after the other: where time is short, agents that start together take it from each other.
        for seat in seats { try await raise(seat, broken: "") }
    }

    /// Starts the seat's agent without the mechanisms named. Only what asks for the seat gets onto its node.
    func raise(_ seat: Seat, without omitted: [String]) async throws {
        try await raise(seat, broken: omitted.map { $0 == "fence" ? $0 : "omit:\($0)" }.joined(separator: ","))
    }

    /// An agent that runs in this way already stays.
    /// - Parameter broken: what TIDEMILL_BREAK says.
    func raise(_ seat: Seat, broken: String) async throws {
        if let agent = await rig.agents[seat] {
            if agent.isRunning, ways[seat] == broken { return }
            try await rig.killAgent(on: seat)
        }
        ways[seat] = broken
        let begun = Date.now
        try await rig.startAgent(
            on: seat,
            environment: [
                "TIDEMILL_BREAK": broken, "TIDEMILL_LOG_MAX_BYTES": "\(Self.logBytes.task / 16)",
                "TIDEMILL_LOG_FILES": "16", "TIDEMILL_LOG_TENANT_MAX_BYTES": "\(Self.logBytes.tenant)",
                "TIDEMILL_IO_MAX_BYTES_PER_SECOND": "\(Self.ioBytesPerSecond)",
            ])
        // Ready by the word of this agent: that of the last one may still stand.
        try await Patience.untilTrue("the agent on \(seat.node) is heard", within: .seconds(60)) {
            guard let agent = await rig.agents[seat], agent.isRunning else {
                throw RigError("the agent ended:\n\(await rig.logs())")
            }
            // Not there before the first one.
            let lease = try? await rig.admin().get(
                Kinds.Lease.self, namespace: "tidemill-node-lease", name: seat.node)
            guard let renewed = lease?.spec.renewTime else { return false }
            return Double(renewed.microseconds) / 1e6 > begun.timeIntervalSince1970
        }
        try await rig.wait(for: seat, toBe: .ready)
        guard tainted.insert(seat).inserted else { return }
        let taint: JSON = ["key": "seat", "value": .string(Self.mark(seat)), "effect": "NoSchedule"]
        _ = try await rig.admin().mergePatch(
            Kinds.Node.info, namespace: nil, name: seat.node, patch: ["spec": ["taints": [taint]]])
    }

    /// Ends what runs on the seat, and then its agent.
    func lower(_ seat: Seat) async throws {
        if let neighbour = neighbours.removeValue(forKey: seat) {
            // It takes away what it left, which without namespaces is on the machine itself.
            try neighbour.dismiss()
            _ = try await end(neighbour.job, of: Self.tenants.neighbour)
            try await finish(neighbour.job, of: Self.tenants.neighbour)
        }
        do {
            // A task that is asked to end has half a minute.
            try await Patience.untilTrue("nothing runs on \(seat.node)", within: .seconds(60)) {
                try await standing(on: seat).isEmpty
            }
        } catch {
            throw RigError("\(error): \(try await standing(on: seat).joined(separator: "; "))")
        }
        try await rig.killAgent(on: seat)
    }

    /// The slices that the seat's node has not released, with what they wait for.
    private func standing(on seat: Seat) async throws -> [String] {
        try await rig.admin().list(Kinds.Slice.self).objects.filter { slice in
            slice.status.grant?.node == seat.node && slice.status.state != .released
        }.map { slice in
            let status = slice.status
            return "\(slice.metadata.name) \(status.state.rawValue) \(status.reason ?? "") \(status.message ?? "")"
        }
    }

    private static func mark(_ seat: Seat) -> String { String(seat.node.suffix(60)) }

    // MARK: Jobs

    func nextJob(_ attack: String) -> String {
        scenes += 1
        return "\(attack)-\(scenes)"
    }

    /// Creates a job of one member on the seat's node, or that of either seat.
    func submit(
        _ job: String, of tenant: String, on seat: Seat, or other: Seat? = nil, command: [String],
        environment: [String: String], cpu: String, memory: String
    ) async throws {
        let variables = environment.merging([rig.mark.name: rig.mark.value]) { $1 }.sorted { $0.key < $1.key }
        let spec: JSON = [
            "slice": ["cpu": .string(cpu), "memory": .string(memory)],
            "template": [
                "command": .array(command.map { .string($0) }),
                "env": .array(variables.map { ["name": .string($0.key), "value": .string($0.value)] }),
            ],
            "tolerations": .array(
                [seat, other].compactMap(\.self).map { seat in
                    ["key": "seat", "operator": "Equal", "value": .string(Self.mark(seat)), "effect": "NoSchedule"]
                }),
        ]
        _ = try await rig.admin().create(
            Kinds.Job.info,
            [
                "apiVersion": "tidemill.dev/v1alpha1", "kind": "Job",
                "metadata": ["name": .string(job), "namespace": .string(tenant)], "spec": spec,
            ])
    }

    func task(_ job: String, of tenant: String) async throws -> Kinds.Task {
        try await member(of: job, of: tenant) { name in
            try await rig.admin().get(Kinds.Task.self, namespace: tenant, name: name)
        }
    }

    func slice(_ job: String, of tenant: String) async throws -> Kinds.Slice {
        try await member(of: job, of: tenant) { name in
            try await rig.admin().get(Kinds.Slice.self, namespace: tenant, name: name)
        }
    }

    /// What the first attempt has made; where that was given up before it started, and so is gone, what the next ones have.
    private func member<Value>(
        of job: String, of tenant: String, _ get: (String) async throws -> Value
    ) async throws -> Value {
        do {
            return try await get("\(job)-1-0")
        } catch let error as ClientError where error.isNotFound {
            let now = try await rig.admin().get(Kinds.Job.self, namespace: tenant, name: job)
            guard let gang = now.status.gang, gang.attempt > 1 else { throw error }
            return try await get("\(job)-\(gang.attempt)-0")
        }
    }

    /// Waits until the job's task runs.
    func running(_ job: String, of tenant: String) async throws -> Kinds.Task {
        try await Patience.until("task \(job) runs") {
            // The task is not there before the job was seen.
            guard let task = try? await self.task(job, of: tenant) else { return nil }
            if task.status.end != nil { throw RigError("\(job) ended at once: \(task.status.end?.message ?? "")") }
            return task.status.state == .running && task.status.pid != nil ? task : nil
        }
    }

    /// Waits until the first attempt's task has ended.
    func end(_ job: String, of tenant: String) async throws -> Kinds.TaskEnd? {
        try await Patience.until("task \(job) ends", within: .seconds(90)) {
            // As above.
            guard let task = try? await self.task(job, of: tenant) else {
                let job = try await self.rig.admin().get(Kinds.Job.self, namespace: tenant, name: job)
                if job.status.state.isFinal {
                    throw RigError("\(job.status.message ?? "the job ended without a task")")
                }
                return nil
            }
            let ends: [Kinds.TaskState] = [.succeeded, .failed, .lost, .fenced, .preempted]
            return ends.contains(task.status.state) ? .some(task.status.end) : nil
        }
    }

    /// Waits until the first attempt holds nothing any more.
    func released(_ job: String, of tenant: String) async throws {
        try await Patience.untilTrue("the slice of \(job) is released", within: .seconds(90)) {
            do {
                return try await slice(job, of: tenant).status.state == .released
            } catch let error as ClientError where error.isNotFound {
                return true
            }
        }
    }

    /// Deletes the job and waits until it holds nothing.
    func finish(_ job: String, of tenant: String) async throws {
        try await finishNow(job, of: tenant)
        try await released(job, of: tenant)
    }

    /// Deletes the job, if it is there.
    func finishNow(_ job: String, of tenant: String) async throws {
        do {
            try await rig.admin().delete(Kinds.Job.info, namespace: tenant, name: job)
        } catch let error as ClientError where error.isNotFound {}  // as wanted
    }

    // MARK: The neighbour

    /// The neighbour on this seat; it comes when it is first asked for.
    func neighbour(on seat: Seat) async throws -> Neighbour {
        // One that ended is none: it stays for a while only.
        try await forgetNeighbour(on: seat)
        if let known = neighbours[seat] { return known }
        var neighbour = Neighbour(job: nextJob("neighbour"), folder: folder)
        try await submit(
            neighbour.job, of: Self.tenants.neighbour, on: seat,
            command: [
                rig.programs.path("tidemill-attacker"), "bait", neighbour.report, neighbour.requests, neighbour.name,
                "\(neighbour.key)",
            ], environment: ["BAIT": neighbour.secret], cpu: "200m", memory: "64Mi")
        let task = try await running(neighbour.job, of: Self.tenants.neighbour)
        neighbour.pid = Int32(task.status.pid ?? 0)
        let ready = neighbour
        try await Patience.untilTrue("the neighbour is ready") { try ready.evidence().last("ready") != nil }
        if let trouble = try ready.evidence().last("trouble") { throw RigError("the neighbour: \(trouble)") }
        neighbours[seat] = neighbour
        return neighbour
    }

    /// Takes away what neighbours left on the machine itself where they had no namespaces, when the suite is cut short.
    func sweep() async {
        for neighbour in neighbours.values {
            // What was to be told is told already.
            _ = try? await rig.run(
                "tidemill-attacker", ["sweep", neighbour.report, neighbour.name, "\(neighbour.key)"])
        }
    }

    /// A neighbour that was killed is none.
    func forgetNeighbour(on seat: Seat) async throws {
        guard let neighbour = neighbours[seat], !Kernel.isAlive(neighbour.pid) else { return }
        neighbours[seat] = nil
        try await finish(neighbour.job, of: Self.tenants.neighbour)
        // What it left may have been the machine's, where it had no namespaces.
        _ = try await rig.run("tidemill-attacker", ["sweep", neighbour.report, neighbour.name, "\(neighbour.key)"])
    }
}
