import Foundation
import Testing
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// Invariant 2: restarts of agent and controller lose no work and run none twice.
@Suite(.serialized) struct AdoptionTests {
    @Test func `a killed agent finds its task again under the same pid, and the job succeeds exactly once`()
        async throws
    {
        try await withRig("adopt") { rig in
            let starts = "\(rig.folder)/starts"
            try await rig.submit("long", "echo start >> \(starts); sleep 6")
            let before = try await rig.running("long")
            let client = try await rig.admin()
            let watched = try await client.watch(Kinds.Job.self, namespace: "default")

            try await rig.killAgent()
            let pid = try #require(before.status.pid)
            #expect(Kernel.isAlive(Int32(pid)), "the task outlives its agent")
            try await rig.startAgent()
            try await Patience.untilTrue("the node is Ready again") {
                try await client.get(Kinds.Node.self, name: rig.node).status.state == .ready
            }
            let after = try await rig.task("long")
            #expect(after.status.pid == pid)

            var states: [Kinds.JobState] = []
            for try await event in watched {
                guard case .added(let job) = event else {
                    guard case .modified(let job) = event else { continue }
                    if states.last != job.status.state { states.append(job.status.state) }
                    if job.status.state.isFinal { break }
                    continue
                }
                states.append(job.status.state)
            }
            #expect(states.last == .succeeded)
            #expect(states.filter(\.isFinal).count == 1)
            #expect(DisconnectTests.lines(of: starts) == 1)
            let slices = try await client.list(Kinds.Slice.self, namespace: "default")
            #expect(slices.objects.map(\.metadata.name) == ["long-1-0"])
            #expect(try await rig.task("long").status.end?.exitCode == 0)
        }
    }

    @Test(arguments: [0, 7]) func `the true end of what ended meanwhile is learnt`(code: Int64) async throws {
        try await withRig("meanwhile") { rig in
            let gate = "\(rig.folder)/gate"
            try await rig.submit("brief", "while [ ! -e \(gate) ]; do sleep 0.1; done; exit \(code)")
            _ = try await rig.running("brief")
            try await rig.killAgent()
            try Data().write(to: URL(fileURLWithPath: gate))
            try await Patience.untilTrue("the task ends") { rig.taskProcesses().isEmpty && rig.shims().isEmpty }
            try await rig.startAgent()
            try await rig.wait(for: "brief", toBe: code == 0 ? .succeeded : .failed)
            #expect(try await rig.task("brief").status.end?.exitCode == code)
        }
    }

    @Test func `a task that is stopped by deletion leaves nothing behind`() async throws {
        try await withRig("deleted") { rig in
            try await rig.submit("gone", "trap '' TERM; while :; do sleep 1; done")
            _ = try await rig.running("gone")
            let client = try await rig.admin()
            try await client.delete(Kinds.Job.self, namespace: "default", name: "gone")
            try await Patience.untilTrue("its processes are gone", within: .seconds(60)) {
                rig.taskProcesses().isEmpty && rig.shims().isEmpty
            }
            try await Patience.untilTrue("its slice is gone") {
                try await client.list(Kinds.Slice.self, namespace: "default").objects.isEmpty
            }
        }
    }

    @Test func `a killed controller loses nothing`() async throws {
        try await withRig("controller") { rig in
            try await rig.submit("steady", "sleep 5")
            let before = try await rig.running("steady")
            try await rig.killController()
            try await rig.startController()
            try await rig.wait(for: "steady", toBe: .succeeded)
            let after = try await rig.task("steady")
            #expect(after.status.pid == before.status.pid)
            #expect(after.metadata.uid == before.metadata.uid)
        }
    }

    @Test func `a task's log is read through the tunnel, also by another start of the agent`() async throws {
        try await withRig("logs") { rig in
            try await rig.submit("talker", "echo first; sleep 3; echo last")
            _ = try await rig.running("talker")
            try await rig.killAgent()
            try await rig.startAgent()
            try await rig.wait(for: "talker", toBe: .succeeded)
            let path = ObjectPath.object(Kinds.Task.info, namespace: "default", name: "talker-1-0") + "/log"
            let text = try await rig.admin().send(APIRequest(.get, path))
            #expect(String(decoding: text, as: UTF8.self) == "first\nlast\n")
        }
    }
}
