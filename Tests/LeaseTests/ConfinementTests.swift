import Testing
import TidemillLease
import TidemillSeams

@Suite struct TenantIDTests {
    /// Numbers that nodes and storage have seen must never change.
    @Test(arguments: [
        ("", 1_898_717_989), ("default", 1_969_931_774), ("team-a", 2_099_532_502), ("team-b", 2_099_269_923),
        ("ü", 1_972_897_770),
    ]) func `a namespace has one number for ever`(namespace: String, number: UInt32) {
        #expect(TenantID(namespace: namespace).number == number)
    }

    @Test func `numbers stay between those of people and those that the kernel takes for none`() {
        let numbers = (0..<20_000).map { TenantID(namespace: "ns-\($0)").number }
        #expect(numbers.allSatisfy { $0 >= 0x7000_0000 && $0 < 0x7FFE_0000 })
        #expect(Set(numbers).count > 19_990)
    }
}

@Suite struct ContainmentTests {
    private let containment = Containment(
        mechanisms: [.mounts, .seccomp], isRequired: false, hiddenFolders: ["/root", "/home"],
        sharedFolders: ["/scratch"], temporaryBytes: 1 << 30)

    private var task: ShimSpec {
        ShimSpec(
            sliceUID: SliceUID("u"), epoch: Epoch(3), token: Token(9), boot: BootID("b"), deadline: nil,
            pagePath: "/run/p", command: ["true"], environment: ["A=1"], workingDirectory: "/tmp",
            userID: 1_879_048_200,
            groupID: 1_879_048_200, containment: containment, groups: GroupFiles(taskProcs: ["/c/1"]), logPath: "/l",
            startedPath: "/st", endPath: "/e")
    }

    @Test func `a task's containment survives its file, and none is none`() throws {
        #expect(try ShimSpec(bytes: task.bytes()) == task)
        var free = task
        free.containment = nil
        #expect(try ShimSpec(bytes: free.bytes()).containment == nil)
        var nothing = task
        nothing.containment = Containment(mechanisms: [])
        #expect(try ShimSpec(bytes: nothing.bytes()).containment == Containment(mechanisms: []))
    }

    @Test func `an unknown mechanism is refused rather than passed over`() {
        #expect(throws: RecordError.invalid("mechanism")) {
            var text = try task.bytes()
            let index = try #require(
                text.indices.first { text[$0...].starts(with: "mechanism=mounts".utf8) })
            text[index + 10] = UInt8(ascii: "x")
            _ = try ShimSpec(bytes: text)
        }
    }

    @Test func `what is omitted is left out, and the filter with what it rests on`() {
        var all = Containment()
        #expect(all.mechanisms == Set(Containment.Mechanism.allCases).subtracting([.network]))
        all.omit(["uid", "cpu", "mounts"])
        #expect(all.mechanisms == Containment.standardMechanisms.subtracting([.mounts]))
        all.omit(["nnp"])
        #expect(all.mechanisms == Containment.standardMechanisms.subtracting([.mounts, .nnp, .seccomp]))
    }

    @Test func `a probe and what it found survive their files`() throws {
        let probe = ProbeSpec(
            checks: [.memory, .affinity], groups: GroupFiles(taskProcs: ["/c/1"], oomFile: "/o"), userID: 7, groupID: 8,
            containment: containment, touchBytes: 4 << 20, spinTime: .milliseconds(9), throttleFile: "/t", cpus: "0-1",
            foreignPid: 77, cgroupFiles: ["/c/1", "/c/2"], recordPath: "/r", patience: .seconds(3))
        #expect(try ProbeSpec(bytes: probe.bytes()) == probe)
        let record = ProbeRecord(
            findings: [
                .init(check: .memory, verdict: .held, evidence: "Ended."),
                .init(check: .affinity, verdict: .notTried, evidence: "No CPUs."),
            ], unenforced: ["One."], failure: nil, duration: .milliseconds(12))
        #expect(try ProbeRecord(bytes: record.bytes()) == record)
    }

    @Test func `a probe that failed or that something got through does not hold`() {
        var record = ProbeRecord(findings: [.init(check: .cpu, verdict: .gotThrough, evidence: "")])
        #expect(!record.holds)
        record.findings[0].verdict = .held
        #expect(record.holds && !record.fails)
        record.failure = "There is no canary."
        #expect(!record.holds && record.fails)
    }

    @Test func `a probe that tried nothing proves nothing, neither way`() {
        let record = ProbeRecord(findings: [
            .init(check: .cpu, verdict: .held, evidence: ""), .init(check: .memory, verdict: .notTried, evidence: ""),
        ])
        #expect(!record.holds && !record.fails)
    }

    @Test func `a session has what its task has`() throws {
        let started = StartedRecord(
            sliceUID: SliceUID("u"), epoch: Epoch(3), boot: BootID("b"), shim: ProcessIdentity(pid: 1, startTicks: 2),
            initProcess: ProcessIdentity(pid: 3, startTicks: 4), task: ProcessIdentity(pid: 5, startTicks: 6),
            startedAt: WallTime(nanosecondsSince1970: 7), unenforced: [])
        let session = ExecSpec(
            in: task, started, command: ["sh"], terminal: ExecSpec.Terminal(rows: 24, columns: 80))
        #expect(session.initProcess == started.initProcess && session.containment == containment)
        #expect(session.groups == task.groups && session.userID == task.userID)
        #expect(try ExecSpec(bytes: session.bytes()) == session)
        var piped = session
        piped.terminal = nil
        #expect(try ExecSpec(bytes: piped.bytes()) == piped)
    }
}
