import Foundation
import TidemillModel
import TidemillRig

/// `run`: a job that lives for one session, and ends as it does.
struct Alone: Trial {
    let name = "run"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        let way = Way.tidemill(rig)
        let small = ["--cpu", "100m", "--memory", "64Mi", "-e", "\(rig.mark.name)=\(rig.mark.value)"]

        for (script, status, state) in [
            ("echo done", 0, Kinds.JobState.succeeded), ("echo done; exit 23", 23, .failed),
            ("echo done; kill -KILL $$", 137, .failed),
        ] as [(String, Int32, Kinds.JobState)] {
            let job = "alone-\(status)"
            let ended = try await Command(
                way, rig, ["run", "--name", job] + small + ["--", "/bin/sh", "-c", script]
            ).end()
            findings.check(
                "\(name): `\(script)` gives \(status) and what it says",
                ended.status == status && ended.text == "done\n", "\(ended.status) \(ended.text) \(ended.errors)")
            let after = try await rig.job(job)
            let code = try await rig.task(job).status.end?.exitCode
            findings.check(
                "\(name): and its job has ended as \(state.rawValue), with \(status)",
                after.status.state == state && code == Int64(status),
                "\(after.status.state.rawValue) \(code ?? -1)")
        }

        let at = try Pty(way, ["run", "-it", "--name", "shell"] + small + ["--", "/bin/sh"], rows: 31, columns: 91)
        findings.check(
            "\(name) -it: a prompt comes", try await at.sees("# ", within: .seconds(30)) || at.text.contains("$ "),
            at.text)
        at.type("stty size; sh -c 'echo be\"\"gun; exec sleep 100'\r")
        findings.check("\(name) -it: the size is ours", try await at.sees("31 91"), at.text)
        findings.check("\(name) -it: something runs", try await at.sees("begun"), at.text)
        at.type("\u{03}")
        at.type("\rexit 5\r")
        let status = try await at.end()
        findings.check("\(name) -it: the exit code is ours, after a Ctrl-C inside too", status == 5, "\(status)")
        try await rig.wait(for: "shell", toBe: .failed)
        findings.check("\(name) -it: and the job's", try await rig.task("shell").status.end?.exitCode == 5)

        let cut = try Command(
            way, rig, ["run", "--name", "cut"] + small + ["--", "/bin/sh", "-c", "echo inside; sleep 7777"])
        try await Patience.untilTrue("the session has begun") { cut.outputSoFar == "inside\n" }
        cut.signal(SIGKILL)
        try await rig.wait(for: "cut", toBe: .failed)
        findings.check(
            "\(name): a job whose session was cut ends, and says so",
            try await rig.task("cut").status.end?.exitCode == 129)

        let waiting = try Command(way, rig, ["run", "--name", "waits", "--cpu", "4000", "--", "/bin/true"])
        try await Patience.untilTrue("its job waits") { (try? await rig.job("waits").status.state) == .queued }
        waiting.signal(SIGINT)
        let given = try await waiting.end()
        try await Patience.untilTrue("a job that nobody waits for is gone") { (try? await rig.job("waits")) == nil }
        findings.check(
            "\(name): Ctrl-C before the slice is there ends it all, with 130", given.status == 130, "\(given)")
        try await Patience.untilTrue("nothing is left") { rig.taskProcesses().isEmpty && rig.shims().isEmpty }
        return findings
    }
}
