import Foundation
import Logging
import Testing
import TidemillHostLinux
import TidemillModel
import TidemillNodeAgent
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

/// Plans on the real hierarchies of this machine, cut off at every position.
@Suite("Plans on this machine", .enabled("needs root") { getuid() == 0 })
final class PlanExecutionTests {
    let folder: String
    let driver: any CgroupDriver
    let root: String
    let abilities: HostAbilities
    let key = SliceKey(uid: SliceUID("u-\(ProcessInfo.processInfo.processIdentifier)"), epoch: Epoch(4))

    init() throws {
        let name = "plan-\(ProcessInfo.processInfo.globallyUniqueString)"
        folder = NSTemporaryDirectory() + name
        root = "tidemill/\(name)"
        try HostFile.makeFolder(folder)
        driver = try CgroupHierarchy.detect().driver(root: root)
        let device = CPUDevice(
            id: DeviceID("n-cpu0"),
            domain: try #require(try NUMAProbe().domains().first),
            capacity: .init(milliCPU: 2000, memoryBytes: 1 << 30),
            allocatable: .init(milliCPU: 1800, memoryBytes: 512 << 20))
        abilities = HostAbilities.find(driver: driver, devices: [device], stateFolder: folder)
    }

    deinit {
        // What stays behind is the host's to clean.
        try? FileManager.default.removeItem(atPath: folder)
        driver.tree?.removeRoot()
    }

    private func host() throws -> LinuxSliceHost {
        LinuxSliceHost(
            settings: .init(
                stateFolder: folder, pagePath: folder + "/page", procRoot: "/proc", bootID: try HostFacts.bootID(),
                grade: .enforced, logMaxBytes: 1 << 20, logFiles: 2),
            driver: driver, launcher: ShimLauncher(program: "/no/such/shim"), sleep: breathe,
            logger: Logger(label: "test"))
    }

    private func slice(milliCPU: Int64 = 500) -> HeldSlice {
        var grant = Scene.grant(epoch: key.epoch.rawValue, milliCPU: milliCPU)
        grant.shares[0].memoryBytes = 64 << 20
        let cut = CoreBook(domains: abilities.domains).cut(grant)
        var slice = Scene.held(.preparing, uid: key.uid, grant: grant)
        slice.plan = SlicePlan.make(key, cut, abilities)
        return slice
    }

    private func expectLimits(_ comment: Comment) throws {
        let tree = try #require(driver.tree)
        for (controller, file, value) in [
            ("cpu", "cpu.cfs_quota_us", "50000"), ("memory", "memory.limit_in_bytes", "\(64 << 20)"),
            ("pids", "pids.max", "\(SlicePlan.pidsPerSlice)"),
        ] { #expect(try tree.read("\(try #require(tree.roots[controller]))/slices/\(key)/\(file)") == value, comment) }
    }

    @Test func `a prepare that was cut off anywhere is done again, or undone`() async throws {
        let whole = slice()
        let plan = try #require(whole.plan)
        for position in 0...plan.steps.count {
            var cutOff = whole
            cutOff.plan?.steps = Array(plan.steps.prefix(position))
            for isDoneAgain in [true, false] {
                _ = try await host().prepare(cutOff)
                if isDoneAgain {
                    _ = try await host().prepare(whole)
                    try expectLimits("done again after \(position)")
                }
                let scrub = try await host().empty(whole)
                #expect(scrub != nil, "undone after \(position)")
                #expect(try driver.groups().isEmpty, "undone after \(position)")
            }
        }
    }

    @Test func `a release that was cut off anywhere is carried to its end, or the slice is prepared again`()
        async throws
    {
        let whole = slice()
        let undos = try #require(whole.plan?.undos)
        let tree = try #require(driver.tree)
        for position in 0...undos.count {
            for isReleased in [true, false] {
                _ = try await host().prepare(whole)
                for undo in undos.prefix(position) {
                    if case .removeGroup(let path) = undo { try tree.removeGroup(path) }
                }
                if !isReleased {
                    _ = try await host().prepare(whole)
                    try expectLimits("prepared again after \(position)")
                }
                let scrub = try #require(try await host().empty(whole))
                #expect(try driver.groups().isEmpty, "released after \(position)")
                if !isReleased { #expect(scrub.groups == Int64(undos.count - 1)) }
            }
        }
    }

    @Test func `a step that the machine refuses fails the prepare, and what was made is undone`() async throws {
        var slice = slice()
        let group = try #require(driver.tree?.roots["memory"]) + "/slices/\(key)"
        slice.plan?.steps.append(SliceStep(.confirm(path: group + "/memory.limit_in_bytes", value: "1")))
        slice.plan?.steps.append(SliceStep(.makeGroup(path: group + "/below")))
        let host = try host()
        await #expect(throws: SliceHostError.self) { try await host.prepare(slice) }
        #expect(!HostFile.exists(group + "/below"), "nothing is done after a step that failed")
        #expect(try await host.empty(slice) != nil)
        #expect(try driver.groups().isEmpty)
    }

    @Test func `a tree that was taken away is not made again by halves`() async throws {
        let host = try host()
        driver.tree?.removeRoot()
        let error = await #expect(throws: SliceHostError.self) { try await host.prepare(slice()) }
        #expect(error == .groupsGone)
        #expect(try driver.tree?.folders.contains { HostFile.exists($0) } == false)
    }

    @Test func `a disk that was taken out fails no slice`() async throws {
        var slice = slice()
        let group = try #require(driver.tree?.roots["blkio"]) + "/slices/\(key)/blkio.throttle.write_bps_device"
        slice.plan?.steps.append(SliceStep(.throttle(path: group, value: "250:250 1048576")))
        let host = try host()
        _ = try await host.prepare(slice)
        slice.plan?.steps.append(SliceStep(.throttle(path: group, value: "no disk")))
        await #expect(throws: SliceHostError.self) { try await host.prepare(slice) }
        #expect(try await host.empty(slice) != nil)
    }

    @Test func `no step reaches a cgroup that is not of this agent`() async throws {
        var slice = slice()
        let tree = try #require(driver.tree)
        let foreign = try #require(tree.roots["memory"]).replacing(root, with: "tidemill-foreign-\(key)")
        slice.plan?.steps = [
            SliceStep(.makeGroup(path: foreign), undo: .removeGroup(path: foreign))
        ]
        let host = try host()
        await #expect(throws: SliceHostError.self) { try await host.prepare(slice) }
        #expect(!HostFile.exists(foreign))
    }

    @Test func `of two bindings the later counts, in whatever order they come`() async throws {
        let slice = slice()
        let host = try host()
        _ = try await host.prepare(slice)
        let file = try #require(slice.plan?.cpusFile)
        let all = try HostFile.readText(file)
        let entry = CPUBindings.Entry(key: key, file: file, cpus: "0")
        let gone = CPUBindings.Entry(key: key, file: file + "-gone", cpus: "0")
        try await host.bind(CPUBindings(number: 2, entries: [gone, entry]))
        #expect(try HostFile.readText(file) == "0")
        try await host.bind(CPUBindings(number: 1, entries: [.init(key: key, file: file, cpus: all)]))
        #expect(try HostFile.readText(file) == "0")
        try await host.bind(CPUBindings(number: 3, entries: [.init(key: key, file: file, cpus: all)]))
        #expect(try HostFile.readText(file) == all)
        #expect(try await host.empty(slice) != nil)
    }

    @Test func `what a slice left in the page cache is dropped with it, and counted`() async throws {
        let slice = slice()
        let host = try host()
        _ = try await host.prepare(slice)
        let group = try #require(driver.tree?.roots["memory"]) + "/slices/\(key)"
        let writer = Process()
        writer.executableURL = URL(filePath: "/bin/sh")
        writer.arguments = [
            "-c",
            "echo $$ > \(group)/cgroup.procs; head -c 8388608 /dev/zero > \(folder)/filler; sync \(folder)/filler",
        ]
        try writer.run()
        writer.waitUntilExit()
        let used = try #require(Int64(try HostFile.readText(group + "/memory.usage_in_bytes")))
        try #require(used > 4 << 20, "nothing is cached here: \(used)")
        let scrub = try #require(try await host.empty(slice))
        #expect(scrub.cacheBytes ?? 0 > 4 << 20)
        #expect(scrub.leftBytes ?? .max < 4 << 20)
    }

    @Test func `a slice whose memory others have is not empty before they give it back`() async throws {
        let slice = slice()
        let host = try host()
        _ = try await host.prepare(slice)
        let group = try #require(driver.tree?.roots["memory"]) + "/slices/\(key)"
        let kept = "/dev/shm/tidemill-\(key)"
        defer { unlink(kept) }
        let writer = Process()
        writer.executableURL = URL(filePath: "/bin/sh")
        writer.arguments = ["-c", "echo $$ > \(group)/cgroup.procs; head -c 33554432 /dev/zero > \(kept)"]
        try writer.run()
        writer.waitUntilExit()
        let error = await #expect(throws: SliceHostError.self) { try await host.empty(slice) }
        guard case .hindered(let obstacle)? = error, obstacle.reason == "MemoryHeld" else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(obstacle.message.hasPrefix("32 MiB"), "\(obstacle.message)")
        #expect(HostFile.exists(group))
        unlink(kept)
        #expect(try await host.empty(slice) != nil)
        #expect(try driver.groups().isEmpty)
    }

    @Test func `all slices together have a limit, also for what is charged to none that is left`() throws {
        let tree = try #require(driver.tree)
        try tree.limitMemory(to: 96 << 20)
        let file = try #require(tree.roots["memory"]) + "/slices/memory.limit_in_bytes"
        #expect(try HostFile.readText(file) == "\(96 << 20)")
    }
}
