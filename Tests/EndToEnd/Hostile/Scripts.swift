import Foundation
import TidemillModel
import TidemillRig

/// How attempts are played. Each ends with what came of it.
enum Scripts {
    /// The attacker runs to its end and says what came of it.
    static let plain: Attack.Script = { scene in
        try await scene.start()
        return try scene.evidence(end: try await scene.end()).outcome
    }

    /// The attacker is told a pid of the node, and reaches for it. What it says of itself counts, and what `sees` finds.
    static func aim(
        at target: @escaping @Sendable (Scene) async throws -> Int32,
        sees: @escaping @Sendable (Scene, Int32) throws -> Outcome? = { _, _ in nil }
    ) -> Attack.Script {
        { scene in
            // Before the attack: the neighbour's slice needs its room.
            if scene.attack.name.hasPrefix("neighbour") { _ = try await scene.neighbour() }
            try await scene.start()
            let pid = try await target(scene)
            try scene.answer("target", pid)
            let said = try await Patience.until("\(scene.job) reaches for \(pid)") {
                if let word = try scene.evidence().word { return word }
                return Kernel.isAlive(pid) ? nil : .through("process \(pid) is dead")
            }
            let seen = try sees(scene, pid)
            try await scene.finish()
            try await scene.stage.forgetNeighbour(on: scene.seat)
            return seen ?? said
        }
    }

    // MARK: Staying on

    /// The command ends, and leaves a process that does not want to.
    static let outlive: Attack.Script = { scene in
        try await scene.start()
        try await scene.awaitLine("left")
        _ = try await scene.end()
        try await scene.released()
        return try await scene.outlived(Kernel.bootNanoseconds() / 1_000_000)
    }

    /// The command ends while no agent is there.
    static let hide: Attack.Script = { scene in
        try await scene.start()
        try await scene.awaitLine("alive")
        if scene.isBare {
            try scene.answer("go")
        } else {
            _ = try await scene.running()
            try await scene.rig.killAgent(on: scene.seat)
            try scene.answer("go")
            try await scene.awaitLine("left")
            try await scene.stage.raise(scene.seat, without: [])
        }
        _ = try await scene.end()
        try await scene.released()
        return try await scene.outlived(Kernel.bootNanoseconds() / 1_000_000)
    }

    /// Agent and shim are killed: the kernel alone is left to end the task.
    static let orphan: Attack.Script = { scene in
        try await scene.start()
        try await scene.awaitLine("alive")
        let shim = try await scene.shimPid()
        try await scene.rig.killAgent(on: scene.seat)
        kill(shim, SIGKILL)
        try await Patience.untilTrue("the shim is dead") { !Kernel.isAlive(shim) }
        // The kernel ends a namespace's processes one after the other.
        let outcome = try await scene.outlived(Kernel.bootNanoseconds() / 1_000_000 + 200 * Int64(Patience.factor))
        try await scene.stage.raise(scene.seat, without: scene.isControl ? ["fence"] : [])
        try await scene.finish()
        return outcome
    }

    /// The library that the task is told to preload must be loaded by the task alone, never by what starts it.
    static let preload: Attack.Script = { scene in
        try await scene.start(["/bin/true"])
        let evidence = try scene.evidence(end: try await scene.end())
        let loads = evidence.lines.filter { $0.word == "loaded" }.map(\.text)
        if let root = loads.first(where: { $0.hasPrefix("0 ") }) { return .through("loaded as user \(root)") }
        guard let first = loads.first else { return .unclear("it was never loaded") }
        return .held("loaded \(loads.count) time(s), as user \(first)")
    }

    /// The log of one task is bounded at once, those of its tenant together when the agent looks at them.
    static let floodLog: Attack.Script = { scene in
        try await scene.start()
        try await scene.awaitLine("done")
        let (most, written) = (Stage.logBytes, "of 16 MiB written")
        var bytes = try scene.bytesOfLogs()
        // One task's own files are bounded at every instant, a tenant's together every few seconds.
        let isBounded = bytes <= most.task + (128 << 10)
        do {
            try await Patience.untilTrue("the log is bounded", within: .seconds(isBounded ? 14 : 0)) {
                bytes = try scene.bytesOfLogs()
                // What the shim has not read yet is in the pipe, 64 KiB at most.
                return bytes <= most.tenant + (128 << 10)
            }
        } catch is RigError {}  // its size says it
        try scene.answer("go")
        _ = try await scene.end()
        let sentence = "\(bytes >> 10) KiB of log kept \(written), \(most.tenant >> 10) KiB allowed"
        return !isBounded || bytes > most.tenant + (128 << 10) ? .through(sentence) : .held(sentence)
    }

    /// Memory is handed to another task of the same tenant, and the slice that took it ends: its shares must not be granted
    /// again while the other has it.
    static let passMemory: Attack.Script = { scene in
        let keeping = Attack(
            "memory-keeper", { ["keep", scene.job, $0.file("go")] }, control: .bare, isForSessions: false)
        let keeper = await Scene(scene.stage, seat: scene.seat, attack: keeping)
        try await keeper.start()
        try await keeper.awaitLine("ready")
        try await scene.start()
        try await keeper.awaitLine("kept")
        let passed = try await scene.awaitLine("passed")
        var isReleased = true
        do {
            try await Patience.untilTrue("released", within: .seconds(scene.isControl ? 60 : 10)) {
                try await scene.stage.slice(scene.job, of: Stage.tenants.attacker).status.state == .released
            }
        } catch is RigError { isReleased = false }
        try keeper.answer("go")
        _ = try await keeper.end()
        try await keeper.finish()
        _ = try await scene.end()
        try await scene.released()
        return isReleased
            ? .through("released while \(passed) of it are another's") : .held("held until \(passed) were given back")
    }

    // MARK: With something prepared on the machine

    /// A service listens under /run, where everybody may connect to it.
    static let withService: Attack.Script = { scene in
        let listener = try Listener(path: scene.service)
        defer { listener.close() }
        return try await plain(scene)
    }

    /// A copy of the attacker that belongs to root and has the setuid bit.
    static let withSetuidProgram: Attack.Script = { scene in
        let copy = scene.file("setuid")
        try FileManager.default.copyItem(atPath: scene.programs.path("tidemill-attacker"), toPath: copy)
        guard chown(copy, 0, 0) == 0, chmod(copy, 0o4755) == 0 else { throw RigError("\(copy): errno \(errno)") }
        defer { unlink(copy) }
        return try await plain(scene)
    }

    /// Whose domain name it was that changed is seen on the node.
    static let domainName: Attack.Script = { scene in
        let path = "/proc/sys/kernel/domainname"
        let before = try String(contentsOfFile: path, encoding: .utf8)
        func name() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
        // Whatever happens: it is the machine's. If it cannot be written, the attacker could not either.
        defer { if (try? name()) != before { try? before.write(toFile: path, atomically: false, encoding: .utf8) } }
        try await scene.start()
        let evidence = try scene.evidence(end: try await scene.end())
        guard try name().trimmingCharacters(in: .whitespacesAndNewlines) != scene.job else {
            return .through("the node's domain name became \(scene.job)")
        }
        return evidence.last("done").map { .held("\($0), in its own slice only") } ?? evidence.outcome
    }
}

extension Scene {
    /// Whether the process that was left wrote after an instant (milliseconds of the boot clock) at which nothing of the
    /// slice may run.
    func outlived(_ since: Int64) async throws -> Outcome {
        try await rig.waitUntil((since + 300 * Int64(Patience.factor)) * 1_000_000)
        let lives = try evidence().lines.filter { $0.word == "alive" }.compactMap { Int64($0.text) }
        guard let last = lives.max() else { return .unclear("the process that stays never lived") }
        return last > since
            ? .through("it ran on for \(last - since) ms and more")
            : .held("its last sign was \(since - last) ms before")
    }
}

/// A unix socket to which everybody may connect.
private struct Listener {
    private let descriptor: Int32
    private let path: String

    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let bound = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(descriptor, 8) == 0, chmod(path, 0o777) == 0 else {
            throw RigError("\(path): errno \(errno)")
        }
    }

    func close() {
        Glibc.close(descriptor)
        unlink(path)
    }
}
