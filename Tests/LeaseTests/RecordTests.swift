import Testing
import TidemillLease
import TidemillSeams

@Suite struct RecordTests {
    private let end = EndRecord(
        sliceUID: SliceUID("u"), epoch: Epoch(3), token: Token(9), exitCode: nil, signal: 9,
        reason: .memoryLimitExceeded, message: "took more=\nthan granted", oomKills: 2,
        startedAt: WallTime(nanosecondsSince1970: 5), finishedAt: WallTime(nanosecondsSince1970: 6),
        startedInstant: at(1), finishedInstant: at(2))

    private var spec: ShimSpec {
        ShimSpec(
            sliceUID: SliceUID("u"), epoch: Epoch(3), token: Token(9), boot: BootID("b"),
            deadline: Deadline(
                boot: BootID("b"), epoch: Epoch(3), after: .seconds(60), margin: .seconds(6), sentAt: at(77)),
            pagePath: "/run/p", command: ["sh", "-c", "echo \"$A=$B\"\n", ""], environment: ["A=1=2", "B=ü"],
            workingDirectory: "/tmp", userID: 65534, groupID: 0,
            groups: GroupFiles(
                taskProcs: ["/c/1", "/c/2"], shimProcs: ["/s"], killFile: "/k", freezerFile: nil, oomFile: "/o"),
            logPath: "/l", logMaxBytes: 4096, logFiles: 2, startedPath: "/st", endPath: "/e",
            stopGrace: .milliseconds(1_250), oomScoreAdjust: -500)
    }

    @Test func `an end survives its file`() throws {
        #expect(try EndRecord(bytes: end.bytes()) == end)
    }

    @Test func `a started record survives its file`() throws {
        let started = StartedRecord(
            sliceUID: SliceUID("u"), epoch: Epoch(3), boot: BootID("b"), shim: ProcessIdentity(pid: 1, startTicks: 2),
            initProcess: ProcessIdentity(pid: 3, startTicks: 4), task: ProcessIdentity(pid: 5, startTicks: 6),
            startedAt: WallTime(nanosecondsSince1970: 7), unenforced: ["One.", "Two."])
        #expect(try StartedRecord(bytes: started.bytes()) == started)
    }

    @Test func `a spec survives its file, with and without a deadline`() throws {
        #expect(try ShimSpec(bytes: spec.bytes()) == spec)
        var keep = spec
        keep.deadline = nil
        keep.userID = nil
        #expect(try ShimSpec(bytes: keep.bytes()) == keep)
    }

    @Test func `no prefix of a record is taken for the record`() throws {
        let bytes = try end.bytes()
        for count in 0..<bytes.count - 1 {
            #expect(throws: RecordError.self, "\(count) bytes") { try EndRecord(bytes: Array(bytes[..<count])) }
        }
    }

    @Test func `NUL in a value is refused rather than written`() {
        var bad = spec
        bad.environment = ["A=\0B=evil"]
        #expect(throws: RecordError.unwritable("environment")) { try bad.bytes() }
    }

    @Test func `what is missing or no number is named`() {
        #expect(throws: RecordError.missing("sliceUID")) {
            try EndRecord(bytes: Array("record=end/1\0reason=Error\0end=\0".utf8))
        }
        #expect(throws: RecordError.invalid("epoch")) {
            try EndRecord(bytes: Array("record=end/1\0reason=Error\0sliceUID=u\0epoch=x\0end=\0".utf8))
        }
        #expect(throws: RecordError.invalid("record")) { try EndRecord(bytes: Array("record=other\0end=\0".utf8)) }
    }
}
