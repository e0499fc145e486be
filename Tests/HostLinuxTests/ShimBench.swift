import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// One shim with a real task in real cgroups under a root of its own, and what a test needs to look at it. Call `close`.
final class ShimBench {
    let folder: String
    let driver: any CgroupDriver
    let group: SliceGroup
    let boot = BootID("boot-1")
    let root: String
    var page: LeasePageFile
    var spec: ShimSpec
    var shim: ProcessHandle?
    private let program: String
    private let broken: Broken

    /// - Parameters:
    ///   - after: of a `stop` slice whose last renewal was sent just now; nil is `keep`.
    ///   - omitted: mechanisms that the slice's plan does without.
    init(
        _ command: [String], after: Duration? = nil, cut: SliceCut = SliceCut(), omitted: Set<String> = [],
        broken: String = ""
    ) throws {
        let id = KernelRandomness().uuid()
        folder = "/tmp/tidemill-shim-test-\(id)"
        root = "tidemill-test-\(id)"
        self.broken = Broken(broken)
        try HostFile.makeFolder(folder, mode: 0o755)
        program = try Self.findShim()
        driver = try CgroupHierarchy.detect().driver(root: root)
        group = SliceGroup(sliceUID: SliceUID(id), epoch: Epoch(3))
        if let tree = driver.tree { try SlicePlan.make(group, cut, on: tree, omitted: omitted).carryOut(in: tree) }
        page = try LeasePageFile(
            path: folder + "/page", fileSize: LeasePage.fileSize, sequenceOffset: LeasePage.sequenceOffset)
        let files = driver.files(of: group)
        let deadline = after.map {
            Deadline(
                boot: BootID("boot-1"), epoch: Epoch(3), after: $0,
                margin: FenceMargin.margin(after: $0, timeToKill: .milliseconds(100)), sentAt: SystemClock().now())
        }
        spec = ShimSpec(
            sliceUID: group.sliceUID, epoch: group.epoch, token: Token(42), boot: boot, deadline: deadline,
            pagePath: folder + "/page", command: command, environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            groups: GroupFiles(
                taskProcs: files.taskProcs, shimProcs: files.shimProcs, killFile: files.killFile,
                freezerFile: files.freezerFile, oomFile: files.oomFile),
            logPath: folder + "/log", startedPath: folder + "/started", endPath: folder + "/end",
            stopGrace: .seconds(5))
    }

    /// The shim beside this test bundle.
    static func findShim() throws -> String {
        var folder =
            try HostFile.read("/proc/self/cmdline").split(separator: 0)
            .map { String(decoding: $0, as: UTF8.self) }
            .first { $0.hasSuffix(".xctest") } ?? "/proc/self/exe"
        folder = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        let path = folder + "/tidemill-shim"
        try #require(HostFile.exists(path), "build the product tidemill-shim first: \(path) is missing")
        return path
    }

    /// Contains the task as an agent does that is root.
    func contain(hidden: [String] = [], shared: [String] = []) {
        spec.userID = ContainmentTests.tenant
        spec.groupID = ContainmentTests.tenant
        spec.workingDirectory = "/tmp"
        spec.containment = Containment(hiddenFolders: hidden, sharedFolders: shared)
    }

    func launch() throws {
        let launcher = ShimLauncher(program: program, broken: broken)
        shim = try launcher.launch(
            spec: try spec.bytes(), specPath: folder + "/spec", complaintsPath: folder + "/complaints")
    }

    /// Launches and waits until the command may run.
    func launchAndAwaitStart() throws -> StartedRecord {
        try launch()
        #expect(eventually { HostFile.exists(spec.startedPath) || HostFile.exists(spec.endPath) })
        return try StartedRecord(bytes: HostFile.read(spec.startedPath))
    }

    /// Publishes a renewal that was sent now.
    func renew() throws {
        let renewal = Renewal(boot: boot, incarnation: IncarnationID("i"), sentAt: SystemClock().now())
        page.publish(try LeasePage.encode(renewal))
    }

    var processes: Int { get throws { try driver.processCount(group) } }

    /// What a file of the slice's group says, in the hierarchy of a controller.
    func says(_ controller: String, _ file: String) throws -> String {
        let tree = try #require(driver.tree)
        return try tree.read("\(tree.slice(try #require(tree.roots[controller]), group))/\(file)")
    }

    /// Waits for the shim's own end and reads the record.
    func awaitEnd(_ seconds: Double = 20) throws -> EndRecord {
        #expect(eventually(seconds) { HostFile.exists(spec.endPath) }, "no end recorded: \(complaints)")
        let end = try EndRecord(bytes: HostFile.read(spec.endPath))
        let shim = try #require(self.shim)
        #expect(eventually { !shim.isRunning })
        #expect(shim.exitNow() == .exited(0))
        return end
    }

    func awaitRunning(_ text: String) throws {
        #expect(try eventually { try self.log.contains(text) }, "the task never wrote '\(text)'")
    }

    /// What the task wrote; empty before its shim made the file.
    var log: String {
        get throws {
            HostFile.exists(spec.logPath) ? String(decoding: try HostFile.read(spec.logPath), as: UTF8.self) : ""
        }
    }

    var complaints: String {
        // No file, no complaints.
        String(decoding: (try? HostFile.read(folder + "/complaints")) ?? [], as: UTF8.self)
    }

    /// Ends whatever is left, by the pids in our own groups, and removes everything made here.
    func close() {
        if let shim, shim.isRunning {
            _ = try? shim.signal(SIGKILL)  // gone already is fine
            _ = eventually { !shim.isRunning }
        }
        _ = shim?.exitNow()
        // Best effort in every step: a test has failed already when one of these does.
        _ = eventually {
            try? driver.kill(group)
            return (try? driver.processCount(group)) == 0
        }
        let removed = eventually(5) { (try? driver.remove(group)) != nil }
        if !removed { Issue.record("the cgroups of \(group) could not be removed") }
        driver.tree?.removeRoot()
        for name in (try? HostFile.names(in: folder)) ?? [] { try? HostFile.remove("\(folder)/\(name)") }
        rmdir(folder)
    }
}
