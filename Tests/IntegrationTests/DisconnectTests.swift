import Foundation
import Testing
import TidemillModel
import TidemillRig
import TidemillWire

/// What silence does, and does not, to running work.
@Suite(.serialized) struct DisconnectTests {
    @Test func `with keep a task goes on without its agent`() async throws {
        try await withRig("keep") { rig in
            let ticks = "\(rig.folder)/ticks"
            try await rig.submit(
                "kept", "while :; do echo tick >> \(ticks); sleep 0.2; done", onDisconnect: ["policy": "keep"])
            let task = try await rig.running("kept")
            try await rig.killAgent()
            let before = Self.lines(of: ticks)
            // Far beyond the deadline that the fence tests give.
            try await Patience.untilTrue("it ticks on", within: .seconds(30)) { Self.lines(of: ticks) >= before + 40 }
            let pid = try #require(task.status.pid)
            #expect(Kernel.isAlive(Int32(pid)))
            #expect(try await rig.job("kept").status.state == .running)
        }
    }

    @Test func `with stop the work starts again once, after the deadline and when the node is back`() async throws {
        try await withRig("restart") { rig in
            let starts = "\(rig.folder)/starts"
            try await rig.submit(
                "again", "echo start >> \(starts); sleep 4", onDisconnect: ["policy": "stop", "after": "3s"])
            _ = try await rig.running("again")
            try await rig.killAgent()
            try await Patience.untilTrue("the fence ends it", within: .seconds(12)) { rig.taskProcesses().isEmpty }
            try await rig.startAgent()
            let job = try await rig.wait(for: "again", toBe: .succeeded)
            #expect(Self.lines(of: starts) == 2)
            #expect(job.status.failures ?? 0 == 0, "a fenced attempt does not count as a failure")
            let first = try await rig.task("again", attempt: 1)
            #expect(first.status.state == .fenced)
            let tokens = [first.status.token, try await rig.task("again", attempt: 2).status.token]
            #expect(try #require(tokens[0]) < (try #require(tokens[1])), "tokens of one index only grow")
        }
    }

    static func lines(of path: String) -> Int {
        // Not there before the first line.
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").count
    }
}
