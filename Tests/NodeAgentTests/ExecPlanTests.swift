import Testing
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillWire

@testable import TidemillNodeAgent

@Suite struct ExecPlanTests {
    private let shim = ProcessIdentity(pid: 10, startTicks: 100)
    private let root = ProcessIdentity(pid: 11, startTicks: 101)

    private func slice(_ phase: HeldSlice.Phase? = nil) -> HeldSlice {
        HeldSlice(
            uid: SliceUID("u"), namespace: "lab", name: "t", member: nil,
            grant: SliceGrant(bootID: BootID("boot"), epoch: Epoch(4), token: Token(9), shares: []),
            phase: phase ?? .active(RunningTask(shim: shim, pid: 12, startedAt: WallTime(nanosecondsSince1970: 1))))
    }

    private func shimSpec(epoch: Int64 = 4) throws -> [UInt8] {
        try ShimSpec(
            sliceUID: SliceUID("u"), epoch: Epoch(epoch), token: Token(9), boot: BootID("boot"), deadline: nil,
            pagePath: "/page", command: ["sleep"], environment: ["A=b", "TERM=dumb"], workingDirectory: "/tmp",
            userID: 1, groupID: 2, groups: GroupFiles(taskProcs: ["/cgroup.procs"]), logPath: "/log",
            startedPath: "/started", endPath: "/ended"
        ).bytes()
    }

    private func started(shim: ProcessIdentity? = nil, boot: String = "boot") throws -> [UInt8] {
        try StartedRecord(
            sliceUID: SliceUID("u"), epoch: Epoch(4), boot: BootID(boot), shim: shim ?? self.shim, initProcess: root,
            task: ProcessIdentity(pid: 12, startTicks: 102), startedAt: WallTime(nanosecondsSince1970: 1),
            unenforced: []
        ).bytes()
    }

    @Test func `a session has what its task has`() throws {
        let spec = try ExecPlan.spec(
            ExecRequest(command: ["ls", "-l"]), in: slice(), boot: BootID("boot"), shimSpec: shimSpec(),
            started: started())
        #expect(spec.command == ["ls", "-l"] && spec.terminal == nil && spec.initProcess == root)
        #expect(spec.environment == ["A=b", "TERM=dumb"] && spec.workingDirectory == "/tmp")
        #expect(spec.userID == 1 && spec.groupID == 2 && spec.groups.taskProcs == ["/cgroup.procs"])
    }

    @Test func `a terminal brings its type`() throws {
        let spec = try ExecPlan.spec(
            ExecRequest(command: ["sh"], terminal: .init(rows: 40, columns: 100, type: "vt100")), in: slice(),
            boot: BootID("boot"), shimSpec: shimSpec(), started: started())
        #expect(spec.terminal == ExecSpec.Terminal(rows: 40, columns: 100))
        #expect(spec.environment == ["A=b", "TERM=vt100"])
    }

    @Test func `what does not run, or is another run, is not entered`() throws {
        func refusal(_ slice: HeldSlice, _ shimSpec: [UInt8]?, _ started: [UInt8]?) -> String? {
            do throws(ExecPlan.Refusal) {
                _ = try ExecPlan.spec(
                    ExecRequest(command: ["ls"]), in: slice, boot: BootID("boot"), shimSpec: shimSpec,
                    started: started)
                return nil
            } catch {
                return error.sentence
            }
        }
        #expect(refusal(slice(.prepared), try shimSpec(), try started())?.contains("does not run") == true)
        #expect(refusal(slice(), nil, try started())?.contains("cannot be read") == true)
        #expect(refusal(slice(), try shimSpec(), nil)?.contains("cannot be read") == true)
        #expect(refusal(slice(), try shimSpec(epoch: 5), try started()) != nil)
        #expect(refusal(slice(), try shimSpec(), try started(boot: "earlier")) != nil)
        #expect(refusal(slice(), try shimSpec(), try started(shim: root)) != nil)
        #expect(refusal(slice(), try shimSpec(), try started()) == nil)
    }
}
