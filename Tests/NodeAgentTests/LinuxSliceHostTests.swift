import Foundation
import Logging
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillModel
import TidemillNodeAgent
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

/// The shim that was built beside these tests; nil when it was not built.
private let shim: String? = {
    let folder = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent().path
    let candidates = [
        folder,
        Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL.deletingLastPathComponent().path,
    ]
    return candidates.compactMap { $0 }.map { $0 + "/tidemill-shim" }.first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
}()

/// Waits without a clock of its own: tests only need that time passes while a real process works.
@Sendable func breathe(_ duration: Duration) async throws {
    try Task.checkCancellation()
    poll(nil, 0, Int32(max(1, duration.wholeNanoseconds / 1_000_000)))
}

@Suite("LinuxSliceHost", .enabled("needs root and tidemill-shim") { getuid() == 0 && shim != nil })
final class LinuxSliceHostTests {
    let folder: String
    let key: SliceKey
    let driver: any CgroupDriver
    let root: String

    init() throws {
        let name = "test-\(ProcessInfo.processInfo.globallyUniqueString)"
        folder = NSTemporaryDirectory() + name
        root = "tidemill/\(name)"
        try HostFile.makeFolder(folder)
        driver = try CgroupHierarchy.detect().driver(root: root)
        key = SliceKey(uid: SliceUID("u-\(ProcessInfo.processInfo.processIdentifier)"), epoch: Epoch(1))
    }

    deinit {
        // What stays behind is the host's to clean; the tests have their own checks.
        try? FileManager.default.removeItem(atPath: folder)
        guard let hierarchies = try? HostFile.names(in: "/sys/fs/cgroup") else { return }
        for hierarchy in hierarchies {
            for below in ["/slices", "/shims", ""] { rmdir("/sys/fs/cgroup/\(hierarchy)/\(root)\(below)") }
        }
    }

    private func host(broken: Broken = .nothing, program: String? = shim) throws -> LinuxSliceHost {
        var settings = LinuxSliceHost.Settings(
            stateFolder: folder, pagePath: folder + "/page", procRoot: "/proc", bootID: try HostFacts.bootID(),
            grade: .enforced, logMaxBytes: 1 << 20, logFiles: 2)
        settings.confinement = ConfinementSettings(isRoot: true, hiddenFolders: ["/root"], sharedFolders: [folder])
        return LinuxSliceHost(
            settings: settings, driver: driver, launcher: ShimLauncher(program: program ?? "", broken: broken),
            sleep: breathe, logger: Logger(label: "test"))
    }

    private var slice: HeldSlice { slice(canProbe: false) }

    private func slice(canProbe: Bool) -> HeldSlice {
        var grant = Scene.grant(milliCPU: 500)
        grant.shares[0].memoryBytes = 64 << 20
        let abilities = HostAbilities.find(
            driver: driver, devices: [Self.device], stateFolder: folder, canProbe: canProbe)
        let cut = CoreBook(domains: abilities.domains).cut(grant)
        return HeldSlice(
            uid: key.uid, namespace: "lab", name: "job-1-0", member: Scene.held(.starting).member, grant: grant,
            phase: .starting, plan: SlicePlan.make(key, cut, abilities))
    }

    private static let device = CPUDevice(
        id: DeviceID("n-cpu0"), domain: NUMADomain(id: 0, cpus: CPUList([0]), memoryBytes: 1 << 30),
        capacity: .init(milliCPU: 1000, memoryBytes: 1 << 30),
        allocatable: .init(milliCPU: 800, memoryBytes: 512 << 20))

    /// What the kernel says of the limits of `slice`.
    private func expectLimits() throws {
        let tree = try #require(driver.tree)
        for (controller, file, value) in [
            ("cpu", "cpu.cfs_quota_us", "50000"), ("memory", "memory.limit_in_bytes", "\(64 << 20)"),
            ("pids", "pids.max", "4096"), ("cpuset", "cpuset.cpus", "0"),
        ] { #expect(try tree.read("\(try #require(tree.roots[controller]))/slices/\(key)/\(file)") == value) }
    }

    private func emptied(_ host: LinuxSliceHost) async throws -> Bool {
        for _ in 0..<200 {
            if try await host.empty(slice) != nil { return true }
            try await breathe(.milliseconds(20))
        }
        return false
    }

    private func log() throws -> String {
        String(decoding: try HostFile.read(SliceFolder(stateFolder: folder, key: key).log), as: UTF8.self)
    }

    @Test func `a task runs inside the limits of its grant, and its end is what it was`() async throws {
        let host = try host()
        _ = try await host.prepare(slice)
        try expectLimits()
        let template = Kinds.TaskTemplate(command: ["sh", "-c", "echo rank $TIDEMILL_RANK; exit 7"])
        let task = try await host.start(slice, template, deadline: nil)
        let remains = await host.end(of: slice, task)
        #expect(remains.outcome?.state == .failed && remains.outcome?.exitCode == 7)
        #expect(try log() == "rank 0\n")
        #expect(try await emptied(host))
        #expect(try driver.groups().isEmpty)
        #expect(try await host.found() == [key], "its log is still there")
        await host.discard(key)
        #expect(try await host.found().isEmpty)
    }

    @Test func `a canary tries every limit before a slice is prepared, and the harmless ones while it runs`()
        async throws
    {
        let host = try host()
        let slice = slice(canProbe: true)
        let proof = try #require(try await host.prepare(slice))
        #expect(proof.holds && proof.evidence.count >= 6, "\(proof.evidence)")
        try expectLimits()  // the true ones are back
        let task = try await host.start(slice, Kinds.TaskTemplate(command: ["sleep", "1000"]), deadline: nil)
        let again = try #require(await host.probe(slice))
        #expect(again.holds && again.evidence.count >= 4, "\(again.evidence)")
        await host.kill(task)
        _ = await host.end(of: slice, task)
        #expect(try await emptied(host))
    }

    @Test func `a canary beside a task that has no memory left does it no harm`() async throws {
        let host = try host()
        let slice = slice(canProbe: true)
        _ = try await host.prepare(slice)
        let task = try await host.start(slice, Kinds.TaskTemplate(command: ["sleep", "1000"]), deadline: nil)
        let tree = try #require(driver.tree)
        let group = SliceGroup(sliceUID: key.uid, epoch: key.epoch)
        let folder = try #require(tree.roots["memory"]) + "/slices/\(key)"
        let before = try driver.oomKills(group)
        // As little as it can do with.
        var limit = try #require(Int64(try tree.read(folder + "/memory.usage_in_bytes")))
        while (try? tree.write("\(limit)", to: folder + "/memory.limit_in_bytes")) != nil { limit -= 16 << 10 }
        #expect(await host.probe(slice)?.holds == true)
        #expect(try driver.oomKills(group) == before)
        #expect(await host.isAlive(key, task))
        await host.kill(task)
        _ = await host.end(of: slice, task)
        #expect(try await emptied(host))
    }

    @Test(arguments: ["proc", "uid,omit:caps,omit:mounts"])
    func `a slice out of which a canary gets is not prepared, and what it reached is told`(
        omitted: String
    ) async throws {
        let host = try host(broken: Broken("omit:\(omitted)"))
        let slice = slice(canProbe: true)
        let error = await #expect(throws: SliceHostError.self) { try await host.prepare(slice) }
        guard case .unproven(let proof)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!proof.holds && (1...2).contains(proof.evidence.count), "only what got through: \(proof.evidence)")
        #expect(try await emptied(host))
        #expect(try driver.groups().isEmpty)
    }

    @Test func `a slice that no canary could try is not prepared either`() async throws {
        let host = try host(program: "/no/such/shim")
        let slice = slice(canProbe: true)
        let error = await #expect(throws: SliceHostError.self) { try await host.prepare(slice) }
        #expect(error?.message.contains("No canary could try: ") == true, "\(String(describing: error))")
        #expect(try await emptied(host))
    }

    @Test func `another agent adopts a running task by its pid, and ends it on request`() async throws {
        let first = try host()
        _ = try await first.prepare(slice)
        let template = Kinds.TaskTemplate(command: ["sleep", "1000"])
        let task = try await first.start(slice, template, deadline: nil)

        let second = try host()
        let remains = await second.remains(of: key)
        #expect(remains.running == task)
        await second.askToEnd(task)
        let outcome = try #require(await second.end(of: slice, task).outcome)
        #expect(outcome.signal == 15)
        #expect(TaskVerdict.judge(outcome, stop: StopRequest(reason: "Preempted")).state == .preempted)
        #expect(try await emptied(second))
    }

    @Test func `a shim that was killed leaves no end and no process`() async throws {
        let host = try host()
        _ = try await host.prepare(slice)
        let task = try await host.start(slice, Kinds.TaskTemplate(command: ["sleep", "1000"]), deadline: nil)
        await host.kill(task)
        let remains = await host.end(of: slice, task)
        #expect(remains.outcome == nil && remains.startedAt == task.startedAt)
        #expect(try await emptied(host))
        #expect(try driver.groups().isEmpty)
    }

    @Test func `an end record that cannot be read now is not one that is missing`() async throws {
        let host = try host()
        _ = try await host.prepare(slice)
        let task = try await host.start(slice, Kinds.TaskTemplate(command: ["sleep", "1000"]), deadline: nil)
        let files = SliceFolder(stateFolder: folder, key: key)
        // A folder in its place cannot be read, as a file cannot on a broken disk or without a free descriptor. It is a link,
        // so that the record takes its place in one step: between two, it would be missing.
        #expect(symlink(folder, files.ended) == 0)
        await host.kill(task)
        let record = EndRecord(
            sliceUID: key.uid, epoch: key.epoch, token: Token(11), exitCode: 0, reason: .completed, message: "done",
            finishedAt: Scene.wall(5008), finishedInstant: Scene.instant(8), killTime: .milliseconds(7))
        let slice = slice
        try await withThrowingTaskGroup(of: Remains?.self) { group in
            group.addTask { await host.end(of: slice, task) }
            group.addTask {
                try await breathe(.milliseconds(300))
                try HostFile.writeDurably(try record.bytes(), to: files.ended)
                return nil
            }
            #expect(try await group.next() == .some(nil), "the end was told before its record could be read")
            let remains = try await group.next() ?? nil
            #expect(remains?.outcome?.state == .succeeded)
            #expect(remains?.killTime == .milliseconds(7))
        }
        #expect(try await emptied(host))
    }

    @Test func `a task can be frozen and thawed, lives meanwhile, and lives no more when it has ended`() async throws {
        let host = try host()
        _ = try await host.prepare(slice)
        let task = try await host.start(slice, Kinds.TaskTemplate(command: ["sleep", "1000"]), deadline: nil)
        #expect(await host.isAlive(key, task))
        var isFrozen = false
        for _ in 0..<200 where !isFrozen {
            isFrozen = try await host.freeze(key)
            try await breathe(.milliseconds(5))
        }
        #expect(isFrozen)
        #expect(try driver.isFrozen(SliceGroup(sliceUID: key.uid, epoch: key.epoch)))
        #expect(await host.isAlive(key, task))
        try await host.thaw(key)
        #expect(try !driver.isFrozen(SliceGroup(sliceUID: key.uid, epoch: key.epoch)))
        await host.kill(task)
        _ = await host.end(of: slice, task)
        #expect(try await emptied(host))
        #expect(await !host.isAlive(key, task))
    }

    private func start(_ words: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        try process.run()
        return process
    }

    @Test func `while the first process of a task lives its slice is not empty, with or without cgroups`() async throws
    {
        let host = try host()
        let files = SliceFolder(stateFolder: folder, key: key)
        try HostFile.makeFolder(files.path)
        let left = try start(["/bin/sleep", "1000"])
        let pid = left.processIdentifier
        let handle = try #require(try ProcessHandle.adopt(pid: pid, startTicks: try Self.startTicks(pid)))
        let gone = ProcessIdentity(pid: pid, startTicks: 1)
        let record = StartedRecord(
            sliceUID: key.uid, epoch: key.epoch, boot: try HostFacts.bootID(), shim: gone,
            initProcess: ProcessIdentity(pid: pid, startTicks: handle.startTicks), task: gone,
            startedAt: Scene.wall(5000), unenforced: [])
        try HostFile.writeDurably(try record.bytes(), to: files.started)
        #expect(try await host.empty(slice) == nil)
        #expect(try await emptied(host))
        #expect(!handle.isRunning)
    }

    @Test func `a shim that hangs before its record is ended with the slice, and no shim starts after that`()
        async throws
    {
        let host = try host()
        _ = try await host.prepare(slice)
        let files = SliceFolder(stateFolder: folder, key: key)
        try HostFile.writeDurably([], to: files.spec)
        let hung = try start(["/bin/sleep", "1000"])
        let pid = hung.processIdentifier
        for file in driver.files(of: SliceGroup(sliceUID: key.uid, epoch: key.epoch)).shimProcs {
            try HostFile.write("\(pid)", to: file)
        }
        #expect(await host.remains(of: key).wasLaunched)
        #expect(!HostFile.exists(files.spec))
        #expect(await host.remains(of: key).wasLaunched, "also for the agent after the next")
        #expect(try await emptied(host))
        #expect(!hung.isRunning)
    }

    @Test func `what is left of a canary is no task, and is ended`() async throws {
        let host = try host()
        _ = try await host.prepare(slice)
        let left = try start(["/bin/sleep", "1000"])
        for file in driver.files(of: SliceGroup(sliceUID: key.uid, epoch: key.epoch)).taskProcs {
            try HostFile.write("\(left.processIdentifier)", to: file)
        }
        let files = SliceFolder(stateFolder: folder, key: key)
        try HostFile.writeDurably([], to: files.probe)
        #expect(await host.remains(of: key) == .nothing)
        #expect(!left.isRunning)
        #expect(try await emptied(host))
    }

    private static func startTicks(_ pid: Int32) throws -> Int64 {
        let words = try HostFile.readText("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ")
        return try #require(words.flatMap { Int64($0[19]) })
    }

    @Test func `a command that does not exist is a start error`() async throws {
        let host = try host()
        _ = try await host.prepare(slice)
        var outcome: TaskOutcome?
        do throws(SliceHostError) {
            let task = try await host.start(slice, Kinds.TaskTemplate(command: ["/no/such"]), deadline: nil)
            outcome = await host.end(of: slice, task).outcome
        } catch .nothingRan(let end) {
            outcome = end
        }
        #expect(outcome?.state == .failed && outcome?.reason == "StartError")
        #expect(try await emptied(host))
    }

    @Test func `nothing is found of a grant that was never here`() async throws {
        let host = try host()
        #expect(await host.remains(of: key) == .nothing)
        #expect(try await host.found().isEmpty)
        #expect(try await host.empty(slice) != nil)
    }
}
