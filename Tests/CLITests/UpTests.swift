import Foundation
import Testing
import TidemillModel
import TidemillSeams
import TidemillWire

@testable import tidemill

@Suite struct ExpectedEndTests {
    private func row(_ state: String, _ reason: String = "", grade: String = "enforced") throws -> JobRow {
        let job = try Kinds.Job(json: [
            "metadata": ["name": "x"],
            "spec": ["slice": ["cpu": "1", "memory": "1Gi"], "template": ["command": ["true"]]],
            "status": ["state": .string(state), "reason": .string(reason), "isolation": .string(grade)],
        ])
        return JobRow(job, slices: [], now: Timestamp(WallTime(nanosecondsSince1970: 0)))
    }

    private func expectation(_ annotations: JSON) -> ExpectedEnd {
        ExpectedEnd(manifest: ["metadata": ["name": "x", "annotations": annotations]])
    }

    @Test func `state and reason must be as the manifest says`() throws {
        let expected = expectation(["tidemill.dev/expect": "Failed/MemoryLimitExceeded"])
        #expect(expected.complaint(try row("Failed", "MemoryLimitExceeded")) == nil)
        #expect(
            expected.complaint(try row("Failed", "Error"))
                == "job x was expected to end Failed/MemoryLimitExceeded and is Failed/Error")
        #expect(expected.complaint(try row("Succeeded")) != nil)
    }

    @Test func `without an annotation a job should succeed`() throws {
        #expect(expectation([:]).complaint(try row("Succeeded")) == nil)
        #expect(expectation([:]).complaint(try row("Failed")) != nil)
    }

    @Test func `a job that somebody deleted has not ended`() {
        #expect(expectation([:]).complaint(nil) == "job x was deleted before it ended Succeeded")
    }

    @Test func `another end counts where nothing is enforced`() throws {
        let expected = expectation(["tidemill.dev/expect": "Failed", "tidemill.dev/expect-advisory": "Succeeded"])
        #expect(expected.complaint(try row("Succeeded", grade: "advisory")) == nil)
        #expect(expected.complaint(try row("Succeeded", grade: "enforced")) != nil)
    }
}

@Suite struct JobRowTests {
    @Test func `shows where the latest attempt runs`() throws {
        let job = try Kinds.Job(json: [
            "metadata": ["name": "hello"],
            "spec": ["slice": ["cpu": "1", "memory": "1Gi"], "template": ["command": ["true"]]],
            "status": [
                "state": "Running", "gang": ["attempt": 2, "state": "Started"], "startedAt": "2026-11-21T03:00:00Z",
            ],
        ])
        func slice(_ attempt: Int64, _ device: String) throws -> Kinds.Slice {
            try Kinds.Slice(json: [
                "metadata": ["name": "s"],
                "spec": [
                    "request": ["cpu": "1", "memory": "1Gi"], "onDisconnect": ["policy": "keep"],
                    "member": ["job": "hello", "jobUID": "u", "index": 0, "attempt": .integer(attempt), "size": 2],
                ],
                "status": [
                    "state": "Active", "isolation": "enforced",
                    "grant": [
                        "node": "n1", "bootID": "b", "epoch": 1, "token": 1, "sliceUID": "u", "policy": "keep",
                        "shares": [["device": .string(device), "cardUnits": "1/8"]],
                    ],
                ],
            ])
        }
        let now = try #require(Timestamp(parsing: "2026-11-21T03:00:07Z"))
        let row = JobRow(
            job, slices: [try slice(1, "old"), try slice(2, "n1-cpu0"), try slice(2, "n1-cpu0")], now: now)
        #expect(row.cells == ["hello", "Running", "-", "n1", "n1-cpu0", "enforced", "7s", "-"])
        #expect(!row.isFinal)
    }
}

@Suite struct HomeTests {
    @Test(arguments: [
        ("Build-Host_7.example.org", "build-host-7"), ("n1", "n1"), ("", "node"), ("--", "node"), ("é.x", "node"),
        (String(repeating: "a", count: 80), String(repeating: "a", count: 40)),
    ])
    func `a host name becomes a DNS label`(host: String, label: String) {
        #expect(NodeName.from(host) == label)
    }

    @Test func `two homes never share a cgroup root`() {
        #expect(AgentHome(home: "/a", node: "n").cgroupRoot != AgentHome(home: "/b", node: "n").cgroupRoot)
        #expect(AgentHome(home: "/a", node: "n").cgroupRoot == AgentHome(home: "/a", node: "n").cgroupRoot)
        #expect(AgentHome(home: "/a", node: "n").cgroupRoot.hasPrefix("tidemill/n-"))
    }

    @Test func `the agent's configuration names this home's paths`() {
        let text = AgentConfiguration(
            agent: AgentHome(home: "/h", node: "n"), address: "127.0.0.1:7", shim: "/bin/shim"
        ).text
        #expect(
            text.contains("controller: \"https://127.0.0.1:7\"") || text.contains("controller: https://127.0.0.1:7"))
        #expect(text.contains("key: /h/agents/n/identity/node.key"))
        #expect(text.contains("shim: /bin/shim"))
    }
}

@Suite struct PIDFileTests {
    private func withFile(_ body: (PIDFile) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "pidfile-\(UUID().uuidString)"
        let file = PIDFile(path: path)
        defer { file.remove() }
        try body(file)
    }

    @Test func `knows a process that runs`() throws {
        try withFile { file in
            let own = try #require(ProcessIdentity(pid: getpid()))
            try file.write(own)
            #expect(file.running() == own)
        }
    }

    @Test func `a later process of the same pid is another one`() throws {
        try withFile { file in
            let own = try #require(ProcessIdentity(pid: getpid()))
            try file.write(ProcessIdentity(pid: own.pid, start: own.start - 1))
            #expect(file.running() == nil)
        }
    }

    @Test func `the file alone says nothing, so that cat gives a pid and no more`() throws {
        try withFile { file in
            let own = try #require(ProcessIdentity(pid: getpid()))
            try file.write(own)
            #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "\(own.pid)\n")
            unlink(file.path + ".start")
            #expect(file.running() == nil)
        }
    }
}

@Suite struct MountsTests {
    @Test(arguments: [
        ("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0", "v2"),
        ("cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0", "v1"),
        (
            "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\ncgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0",
            "v1 with v2 beside it"
        ),
        ("proc /proc proc rw 0 0", "none"),
    ])
    func `tells the hierarchies apart`(text: String, kind: String) {
        #expect(Mounts(parsing: text).kind == kind)
    }

    @Test func `knows where each controller is`() {
        let mounts = Mounts(parsing: "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0")
        #expect(mounts.controllers == ["cpu": "/sys/fs/cgroup/cpu,cpuacct", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct"])
    }
}
