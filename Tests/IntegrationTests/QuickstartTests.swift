import Foundation
import Testing
import TidemillRig

/// What the README promises: one command, three jobs, real limits, and nothing left behind.
@Suite(.serialized) struct QuickstartTests {
    @Test(.enabled(if: geteuid() == 0, "limits need root")) func `up runs the quickstart and leaves nothing behind`()
        async throws
    {
        let node = "quickstart-\(ProcessInfo.processInfo.processIdentifier)"
        let home = NSTemporaryDirectory() + "tidemill-\(node)"
        let programs = Programs()
        let up = try Child(
            programs.path("tidemill"), ["up", "--exit", "--home", home, "--node", node], log: "\(home).up.log")
        try await Patience.untilTrue("up --exit ends", within: .seconds(150)) { !up.isRunning }
        let output = up.tail(400)
        #expect(up.exitStatus == 0, "\(output)")
        let rows = output.split(separator: "\n").suffix(8).map { $0.split(separator: " ").map(String.init) }
        func row(_ job: String) throws -> [String] { try #require(rows.last { $0.first == job }, "\(output)") }
        #expect(try row("hello").contains("Succeeded"))
        #expect(try row("long").contains("Succeeded"))
        #expect(try row("greedy").contains("Failed"))
        #expect(try row("greedy").contains("MemoryLimitExceeded"))
        for job in ["hello", "greedy", "long"] {
            #expect(try row(job).contains("enforced"), "the grade was proved, not hoped for")
            #expect(try row(job).contains(node))
        }

        let down = try Child(programs.path("tidemill"), ["down", "--purge", "--home", home], log: "\(home).down.log")
        try await Patience.untilTrue("down ends") { !down.isRunning }
        #expect(down.exitStatus == 0, "\(down.tail())")
        #expect(!FileManager.default.fileExists(atPath: home))
        #expect(Kernel.commandLines(containing: home).isEmpty, "no process of this home is left")
        let groups = try FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup").filter {
            FileManager.default.fileExists(atPath: "/sys/fs/cgroup/\($0)/tidemill/\(node)")
        }
        #expect(groups.isEmpty, "no cgroup is left")
        for log in ["\(home).up.log", "\(home).down.log"] { try FileManager.default.removeItem(atPath: log) }
    }
}
