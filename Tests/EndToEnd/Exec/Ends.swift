import Foundation
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// A session ends with its slice, its client, its agent or its controller, whichever is first, and leaves nothing behind.
struct Ends: Trial {
    let name = "ends"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        try await rig.host()
        let way = Way.tidemill(rig)
        // The task's own shim and its init.
        let shims = Set(rig.shims())

        let killed = try await session(rig, way)
        killed.signal(SIGKILL)
        findings.check("\(name): the session ends with its client", try await isGone(rig, besides: shims))
        let stopped = try await session(rig, way)
        stopped.signal(SIGINT)
        let interrupted = try await stopped.end()
        findings.check("\(name): Ctrl-C ends the session, with 130", interrupted.status == 130, "\(interrupted.status)")
        findings.check("\(name): nothing of it is left", try await isGone(rig, besides: shims))

        let orphan = try await session(rig, way)
        try await rig.killAgent()
        findings.check("\(name): the session ends with its agent", try await isGone(rig, besides: shims))
        let cut = try await orphan.end()
        findings.check(
            "\(name): a session that was cut says so, with 255", cut.status == 255 && !cut.errors.isEmpty, "\(cut)")
        let pid = try await rig.task("host").status.pid
        findings.check("\(name): the task goes on without its agent", pid.map { Kernel.isAlive(Int32($0)) } == true)
        try await rig.startAgent()
        try await rig.wait(for: rig.seat, toBe: .ready)
        let again = try await Patience.until("the agent that came back can be asked") {
            let ended = try await rig.exec(way, "host", "--", "/bin/echo", "again")
            return ended.errors.contains("not connected") || ended.errors.contains("does not run") ? nil : ended
        }
        findings.check("\(name): and its successor enters the task again", again.text == "again\n", again.errors)

        let controlled = try await session(rig, way)
        try await rig.killController()
        findings.check("\(name): the session ends with its controller", try await isGone(rig, besides: shims))
        let lost = try await controlled.end()
        findings.check("\(name): and says so", lost.status == 255, "\(lost.status) \(lost.errors)")
        try await rig.startController()
        try await rig.wait(for: rig.seat, toBe: .ready)

        _ = try await Patience.until("the controller that came back has the agent") {
            try await rig.exec(way, "host", "--", "/bin/true").status == 0 ? true : nil
        }
        let last = try await session(rig, way)
        try await rig.tidemill("delete", "job/host")
        let over = try await last.end()
        findings.check("\(name): the session ends with its slice", over.status == 137, "\(over.status) \(over.errors)")
        findings.check("\(name): and nothing is left", try await isGone(rig, besides: []))
        return findings
    }

    /// A session that has begun, and that nothing in it ends.
    private func session(_ rig: Rig, _ way: Way) async throws -> Command {
        let command = try Command(
            way, rig,
            ["exec", "host", "--", "/bin/sh", "-c", "echo inside; trap '' HUP TERM INT; sleep 7777; sleep 7777"])
        try await Patience.untilTrue("the session has begun") {
            if !command.isRunning { throw RigError("it ended: \(try await command.end())") }
            return command.outputSoFar == "inside\n"
        }
        return command
    }

    /// Whether what the session ran is gone soon.
    private func isGone(_ rig: Rig, besides shims: Set<Int32>) async throws -> Bool {
        do {
            try await Patience.untilTrue("the session's processes are gone", within: .seconds(15)) {
                let marked = Set(rig.taskProcesses())
                return Kernel.commandLines(containing: "sleep 7777").allSatisfy { !marked.contains($0) }
                    && shims.isSuperset(of: rig.shims())
            }
            return true
        } catch {
            return false
        }
    }
}

/// What cannot be entered says why.
struct Refusals: Trial {
    let name = "refusals"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        let way = Way.tidemill(rig)
        try await rig.submit("brief", "exit 0")
        try await rig.wait(for: "brief", toBe: .succeeded)
        try await rig.submit("greedy", "exit 0", more: ["slice": ["cpu": "4000", "memory": "64Mi"]])
        try await Patience.untilTrue("the greedy job waits") { try await rig.job("greedy").status.state == .queued }
        for (object, wanted) in [
            ("nope", "no job and no task"), ("task/nope", "not found"), ("job/nope", "not found"),
            ("node/\(rig.node)", "job/NAME or task/NAME"), ("brief", "only a running task"),
            ("task/brief-1-0", "only a running task"), ("greedy", "only a running task"),
        ] {
            let refused = try await rig.exec(way, object, "--", "/bin/true")
            findings.check(
                "\(name): \(object) is refused in a sentence", refused.status == 1 && refused.errors.contains(wanted),
                "\(refused.status) \(refused.errors)")
        }
        let wordless = try await rig.exec(way, "brief")
        findings.check(
            "\(name): a call without a command says how", wordless.status != 0 && wordless.errors.contains("--"),
            wordless.errors)
        try await rig.host()
        try await rig.killAgent()
        let unreachable = try await rig.exec(way, "host", "--", "/bin/true")
        findings.check(
            "\(name): a node that is not connected is named",
            unreachable.status == 1 && unreachable.errors.contains(rig.node), unreachable.errors)
        return findings
    }
}
