import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// Limits that the kernel really holds.
@Suite(.enabled(if: isRoot, "cgroups need root"), .serialized) struct CgroupV1DriverTests {
    private func firstCPU() throws -> Int {
        try #require(try NUMAProbe().domains().first?.cpus.numbers.last)
    }

    @Test func `the kernel reports the limits that a plan set, however often it is carried out`() throws {
        let cut = SliceCut(
            cpus: [try firstCPU()], memoryNodes: [0], quotaMilliCPU: 250, memoryBytes: (64 << 20) + 7)
        let bench = try ShimBench(["true"], cut: cut)
        defer { bench.close() }
        #expect(bench.driver.unenforced == [])
        let tree = try #require(bench.driver.tree)
        let plan = SlicePlan.make(bench.group, cut, on: tree)
        for _ in 1...2 {
            #expect(try bench.says("cpuset", "cpuset.cpus") == "\(cut.cpus[0])")
            #expect(try bench.says("cpuset", "cpuset.mems") == "0")
            #expect(try bench.says("cpu", "cpu.cfs_quota_us") == "25000")
            #expect(try bench.says("cpu", "cpu.cfs_period_us") == "100000")
            #expect(try bench.says("memory", "memory.limit_in_bytes") == "\(64 << 20)")
            #expect(try bench.says("pids", "pids.max") == "\(SlicePlan.pidsPerSlice)")
            let devices = tree.slice(try #require(tree.roots["devices"]), bench.group)
            #expect(try DeviceFilter.isInForce(DeviceRule.base, on: devices))
            try plan.carryOut(in: tree)
        }
        var least = cut
        least.quotaMilliCPU = 5
        try SlicePlan.make(bench.group, least, on: tree).carryOut(in: tree)
        #expect(try bench.says("cpu", "cpu.cfs_period_us") == "1000000", "5 ms of each second")
    }

    @Test func `a slice runs on its CPUs only`() throws {
        let cpu = try firstCPU()
        let bench = try ShimBench(
            ["sh", "-c", "grep Cpus_allowed_list /proc/self/status"], cut: SliceCut(cpus: [cpu]))
        defer { bench.close() }
        try bench.launch()
        _ = try bench.awaitEnd()
        #expect(try bench.log == "Cpus_allowed_list:\t\(cpu)\n")
    }

    @Test func `a slice that takes more memory ends, and says so`() throws {
        let bench = try ShimBench(
            ["sh", "-c", "echo runs; head -c 300000000 /dev/zero | tail | wc -c; exit 9"],
            cut: SliceCut(memoryBytes: 32 << 20))
        defer { bench.close() }
        try bench.launch()
        let end = try bench.awaitEnd(60)
        #expect(end.oomKills >= 1)
        #expect(end.reason == .memoryLimitExceeded)
    }

    @Test func `a command that is itself ended for its memory is told from a plain kill`() throws {
        let bench = try ShimBench(
            ["tail", "/dev/zero"], cut: SliceCut(memoryBytes: 32 << 20))
        defer { bench.close() }
        try bench.launch()
        let end = try bench.awaitEnd(60)
        #expect(end.signal == SIGKILL)
        #expect(end.reason == .memoryLimitExceeded)
    }

    @Test func `a slice may not have more processes than granted`() throws {
        let bench = try ShimBench(
            ["sh", "-c", "for i in $(seq 30); do sleep 5 & done; echo all"])
        defer { bench.close() }
        let tree = try #require(bench.driver.tree)
        // Fewer than every slice may have: so many processes would be felt.
        try tree.write("10", to: tree.slice(try #require(tree.roots["pids"]), bench.group) + "/pids.max")
        try bench.launch()
        let end = try bench.awaitEnd()
        #expect(end.reason == .error)
        #expect(try bench.log.lowercased().contains("fork"))
    }

    @Test func `a slice is throttled at its quota`() throws {
        let bench = try ShimBench(
            ["sh", "-c", "while :; do :; done"], cut: SliceCut(quotaMilliCPU: 100))
        defer { bench.close() }
        _ = try bench.launchAndAwaitStart()
        let begun = SystemClock().now()
        let used = { try #require(try bench.driver.cpuNanoseconds(bench.group)) }
        let first = try used()
        #expect(eventually { SystemClock().now() > begun + .seconds(1) })
        let share = Double(try used() - first) / Double(SystemClock().now().since(begun).wholeNanoseconds)
        // A tenth of a CPU was granted; unbounded it would take a whole one, or half of one on a busy machine.
        #expect(share < 0.2)
        #expect(share > 0.02)
    }

    @Test func `the shim sits in the sibling groups, not in the slice's`() throws {
        let bench = try ShimBench(["sleep", "1000"])
        defer { bench.close() }
        let started = try bench.launchAndAwaitStart()
        for path in bench.spec.groups.shimProcs { #expect(try HostFile.readText(path) == "\(started.shim.pid)") }
        for path in bench.spec.groups.taskProcs {
            let members = Set(try HostFile.readText(path).split(separator: "\n").compactMap { Int32($0) })
            #expect(members == [started.initProcess.pid, started.task.pid])
        }
    }

    @Test func `own groups are found again by name, and a busy one is not removed`() throws {
        let bench = try ShimBench(["sleep", "1000"])
        defer { bench.close() }
        _ = try bench.launchAndAwaitStart()
        #expect(try bench.driver.groups() == [bench.group])
        #expect(throws: HostError.self) { try bench.driver.remove(bench.group) }
        #expect(try bench.driver.groups() == [bench.group])
    }

    @Test func `a slice without a shim is killed and removed, also a frozen one`() throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"])
        defer { bench.close() }
        _ = try bench.launchAndAwaitStart()
        try bench.awaitRunning("runs")
        let shim = try #require(bench.shim)
        try bench.driver.freeze(bench.group)
        let freezer = try #require(bench.spec.groups.freezerFile)
        #expect(try eventually { try HostFile.readText(freezer) == "FROZEN" })
        try shim.signal(SIGKILL)
        #expect(
            try eventually {
                try bench.driver.kill(bench.group)
                return try bench.processes == 0
            })
        #expect(eventually { !shim.isRunning })
        try bench.driver.remove(bench.group)
        #expect(try bench.driver.groups() == [])
    }

    @Test func `a frozen task makes no progress, and goes on when it is thawed`() throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; while :; do :; done"])
        defer { bench.close() }
        try bench.launch()
        try bench.awaitRunning("runs")
        let used = { try #require(try bench.driver.cpuNanoseconds(bench.group)) }
        let first = try used()
        #expect(try eventually { try used() > first }, "it runs")
        #expect(
            try eventually {
                try bench.driver.freeze(bench.group)
                return try bench.driver.isFrozen(bench.group)
            })
        let frozen = try used()
        let until = SystemClock().now() + .milliseconds(500)
        #expect(eventually { SystemClock().now() > until })
        // What was running on another CPU is charged up to the tick at which it stopped.
        #expect(try used() - frozen < 20_000_000)
        try bench.driver.thaw(bench.group)
        #expect(try !bench.driver.isFrozen(bench.group))
        #expect(try eventually { try used() > frozen + 50_000_000 }, "it goes on")
    }

    @Test(arguments: ["../evil", "", "a/b", "x y"]) func `no group is made outside the root`(uid: String) throws {
        let bench = try ShimBench(["true"])
        defer { bench.close() }
        let evil = SliceGroup(sliceUID: SliceUID(uid), epoch: Epoch(1))
        let tree = try #require(bench.driver.tree)
        #expect(throws: HostError.self) { try SlicePlan.make(evil, SliceCut(), on: tree).carryOut(in: tree) }
        #expect(throws: HostError.self) { try bench.driver.remove(evil) }
    }

    @Test func `a root that climbs out is not used`() throws {
        let driver = try CgroupHierarchy.detect().driver(root: "../tidemill")
        #expect(driver.unenforced.count >= 4)
        #expect(driver.files(of: SliceGroup(sliceUID: SliceUID("a"), epoch: Epoch(1))).taskProcs == [])
    }
}
