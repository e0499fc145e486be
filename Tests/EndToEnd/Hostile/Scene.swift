import Foundation
import TidemillClient
import TidemillModel
import TidemillRig

/// One attempt on one seat.
struct Scene: Sendable {
    let stage: Stage
    let seat: Seat
    let attack: Attack
    /// Whether a mechanism is off on purpose, so that it should succeed.
    let isControl: Bool
    let isBare: Bool
    /// Whether the attacker is a session in the slice of a command that does nothing.
    let isSession: Bool
    /// Its job's name, which no other scene has.
    let job: String
    private let tenant = Stage.tenants.attacker

    init(
        _ stage: Stage, seat: Seat, attack: Attack, isControl: Bool = false, isBare: Bool = false,
        isSession: Bool = false
    ) async {
        self.stage = stage
        self.seat = seat
        self.attack = attack
        self.isControl = isControl
        self.isBare = isBare
        self.isSession = isSession
        job = await stage.nextJob(attack.name)
    }

    var rig: Rig { stage.rig }
    var programs: Programs { stage.rig.programs }
    var shared: String { stage.folder }
    var report: String { file("report") }

    func file(_ name: String) -> String { "\(shared)/\(job).\(name)" }

    // MARK: The attacker

    func start() async throws {
        let arguments = try await attack.arguments(self)
        try await start([programs.path("tidemill-attacker"), arguments[0], report] + arguments.dropFirst())
    }

    /// Starts a command as the attacker's task; as a bare process in a bare scene.
    func start(_ command: [String]) async throws {
        let environment = attack.environment(self)
        if isBare {
            let marked = environment.merging([rig.mark.name: rig.mark.value]) { $1 }
            return try spawn(command[0], Array(command.dropFirst()), marked)
        }
        let holder = [programs.path("tidemill-attacker"), "hold", file("holder"), file("over")]
        try await stage.submit(
            job, of: tenant, on: seat, command: isSession ? holder : command, environment: environment,
            cpu: attack.cpu, memory: attack.memory)
        if isSession {
            let task = try await running().metadata.name
            try spawn(
                programs.path("tidemill"),
                ["exec", "task/\(task)", "-n", tenant, "--kubeconfig", rig.kubeconfig, "--"] + command, [:])
        }
    }

    /// Starts a program of the suite's own.
    private func spawn(_ program: String, _ arguments: [String], _ environment: [String: String]) throws {
        let child = try Child(program, arguments, environment: environment, log: file("log"))
        try "\(child.pid)\n".write(toFile: file("pid"), atomically: true, encoding: .utf8)
    }

    func running() async throws -> Kinds.Task { try await stage.running(job, of: tenant) }

    /// Waits until the command has ended.
    func end() async throws -> Kinds.TaskEnd? {
        if isBare || isSession {
            let pid = Int32(try String(contentsOfFile: file("pid"), encoding: .utf8).dropLast()) ?? 0
            try await Patience.untilTrue("\(job) ends", within: .seconds(90)) { !Kernel.isAlive(pid) }
            if isBare { return nil }
            try answer("over")
        }
        return try await stage.end(job, of: tenant)
    }

    /// Waits until the slice holds nothing any more.
    func released() async throws {
        if !isBare { try await stage.released(job, of: tenant) }
    }

    /// Deletes the job, so that no further attempt of it starts.
    func finish() async throws {
        if !isBare { try await stage.finish(job, of: tenant) }
    }

    // MARK: What it says

    func evidence(end: Kinds.TaskEnd? = nil) throws -> Evidence {
        // Not there before its first word.
        guard FileManager.default.fileExists(atPath: report) else { return Evidence(report: "", end: end) }
        return Evidence(report: try String(contentsOfFile: report, encoding: .utf8), end: end)
    }

    /// Waits for a line of the attacker's, and gives its text.
    @discardableResult
    func awaitLine(_ word: String) async throws -> String {
        try await Patience.until("\(job) says \(word)") { try evidence().last(word) }
    }

    /// Lets an attacker that waits go on, or gives it the number that it waits for.
    func answer(_ name: String, _ number: Int32 = 1) throws {
        try "\(number)\n".write(toFile: file(name), atomically: true, encoding: .utf8)
    }

    // MARK: Others

    func neighbour() async throws -> Neighbour { try await stage.neighbour(on: seat) }

    func agentPid() async throws -> Int32 {
        guard let agent = await rig.agents[seat] else { throw RigError("no agent on \(seat.node)") }
        return agent.pid
    }

    /// The shim of this scene's own task. Its init has the same command line, and the shim for its parent.
    func shimPid() async throws -> Int32 {
        _ = try await running()
        let uid = try await stage.slice(job, of: tenant).metadata.uid
        let pids = Set(rig.shims(of: seat)).intersection(Kernel.commandLines(containing: uid))
        guard let shim = pids.first(where: { !pids.contains(Kernel.parent(of: $0) ?? 0) }) else {
            throw RigError("no shim of \(job) among \(pids)")
        }
        return shim
    }

    /// What the agent keeps of the tenant's output now.
    func bytesOfLogs() throws -> Int {
        let slices = "\(seat.stateFolder)/slices"
        var bytes = 0
        for slice in try FileManager.default.contentsOfDirectory(atPath: slices) {
            // What is removed or renamed while it is looked at counts nothing.
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(slices)/\(slice)")) ?? []
            for name in names where name == "log" || name.hasPrefix("log.") {
                let facts = try? FileManager.default.attributesOfItem(atPath: "\(slices)/\(slice)/\(name)")
                bytes += (facts?[.size] as? Int) ?? 0
            }
        }
        return bytes
    }
}
