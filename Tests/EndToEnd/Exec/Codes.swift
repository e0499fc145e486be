import Foundation
import TidemillModel
import TidemillRig

/// Exit codes and signals come out as they are, arguments go in as they are, and what is said stays apart.
struct Codes: Trial {
    let kubectl: String?
    let name = "codes"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        try await rig.host()
        var ways = [Way.tidemill(rig)]
        if let kubectl { ways.append(try Way.kubectl(rig, kubectl)) }
        for way in ways {
            for (script, status) in [
                ("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -KILL $$", 137), ("kill -TERM $$", 143),
            ] as [(String, Int32)] {
                let ended = try await rig.exec(way, "host", "--", "/bin/sh", "-c", script)
                findings.check(
                    "\(way.name): `\(script)` ends with \(status)", ended.status == status,
                    "\(ended.status) \(ended.errors)")
            }
            let odd = ["", "two words", "quote's", "new\nline", "ü&=%", "*", "--", "-n"]
            let said = try await Command(
                way, rig, ["exec", "task/host-1-0", "--", "/usr/bin/printf", "%s|"] + odd
            ).end()
            findings.check(
                "\(way.name): arguments arrive as they are", said.text == odd.map { $0 + "|" }.joined(), said.text)
            let both = try await rig.exec(way, "job/host", "--", "/bin/sh", "-c", "echo out; echo err >&2")
            findings.check(
                "\(way.name): output and errors stay apart", both.text == "out\n" && both.errors == "err\n",
                "\(both.text) / \(both.errors)")
            let missing = try await rig.exec(way, "host", "--", "/no/such/program")
            findings.check(
                "\(way.name): what is not there cannot be run, and is named",
                missing.status == 126 && missing.errors.contains("/no/such/program"),
                "\(missing.status) \(missing.errors)")
        }
        let named = try await rig.exec(ways[0], "host", "--", "sh", "-c", "echo $TIDEMILL_JOB $\(rig.mark.name)")
        findings.check(
            "\(name): the session has the task's environment, and its PATH", named.text == "host \(rig.node)\n",
            named.text + named.errors)
        let task = try await rig.task("host")
        findings.check("\(name): the task went on", task.status.state == .running)
        return findings
    }
}
