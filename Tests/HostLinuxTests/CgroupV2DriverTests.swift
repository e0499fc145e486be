import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillNodeCore
import TidemillSeams

private let hasVersion2 = (try? CgroupHierarchy.detect().unified) != nil

private let seesPartOfHierarchy: Bool = {
    // A machine without cgroups sees nothing.
    guard let found = try? CgroupHierarchy.detect(), found.kind == .version2, let mount = found.unified else {
        return false
    }
    return HostFile.exists(mount + "/cgroup.type")
}()

/// What of version 2 every machine has, also one whose controllers are all in version 1.
@Suite(.enabled(if: isRoot && hasVersion2, "cgroups of version 2 need root and a mount"), .serialized)
struct CgroupV2DriverTests {
    private func withBench(_ body: (GroupBench) throws -> Void) throws {
        let bench = try GroupBench(unified: true)
        defer { bench.close() }
        try body(bench)
    }

    @Test func `controllers that are not there are told, each with what is lost`() throws {
        try withBench { bench in
            #expect(bench.tree.version == .version2)
            for (controller, loss) in [
                ("memory", "memory limits"), ("cpu", "CPU quotas"), ("pids", "numbers of processes"),
            ] {
                let isTold = bench.driver.unenforced.contains { $0.contains(loss) }
                #expect(isTold == (bench.tree.roots[controller] == nil), "\(controller)")
            }
            #expect(!bench.driver.unenforced.contains { $0.contains("Devices") })
        }
    }

    @Test func `processes are counted, also in groups below, and a busy group is not removed`() throws {
        try withBench { bench in
            let group = try bench.slice("unified")
            #expect(try bench.driver.processCount(bench.group) == 0)
            try HostFile.makeFolder(group + "/below/deep")
            _ = try bench.start("exec sleep 1000", in: [group])
            _ = try bench.start("exec sleep 1000", in: [group + "/below/deep"])
            #expect(try eventually { try bench.driver.processCount(bench.group) == 2 })
            #expect(throws: HostError.self) { try bench.driver.remove(bench.group) }
            #expect(try bench.driver.groups() == [bench.group])
        }
    }

    @Test func `the whole tree is killed at once, also a frozen one, and its groups go`() throws {
        try withBench { bench in
            let group = try bench.slice("unified")
            try HostFile.makeFolder(group + "/below")
            _ = try bench.start("setsid sleep 1000 & exec sleep 1000", in: [group + "/below"])
            #expect(try eventually { try bench.driver.processCount(bench.group) == 2 })
            #expect(
                try eventually {
                    try bench.driver.freeze(bench.group)
                    return try bench.driver.isFrozen(bench.group)
                })
            try HostFile.write("1", to: try #require(bench.driver.files(of: bench.group).killFile))
            #expect(try eventually { try bench.driver.processCount(bench.group) == 0 })
            try bench.driver.remove(bench.group)
            #expect(try bench.driver.groups() == [])
            try bench.driver.remove(bench.group)
        }
    }

    @Test func `a frozen slice makes no progress, and goes on when it is thawed`() throws {
        try withBench { bench in
            _ = try bench.start("while :; do :; done", in: [try bench.slice("unified")])
            let used = { try #require(try bench.driver.cpuNanoseconds(bench.group)) }
            #expect(try eventually { try used() > 10_000_000 }, "it runs")
            #expect(try !bench.driver.isFrozen(bench.group))
            #expect(
                try eventually {
                    try bench.driver.freeze(bench.group)
                    return try bench.driver.isFrozen(bench.group)
                })
            let frozen = try used()
            let until = SystemClock().now() + .milliseconds(300)
            #expect(eventually { SystemClock().now() > until })
            #expect(try used() - frozen < 20_000_000)
            try bench.driver.thaw(bench.group)
            #expect(try eventually { try used() > frozen + 50_000_000 }, "it goes on")
        }
    }

    @Test func `pressure is told of the slice alone`() throws {
        try withBench { bench in
            let before = bench.driver.pressure(bench.group)
            #expect(Set(before.keys) == Set(Pressure.Resource.allCases))
            #expect(before[.cpu]?.someMicroseconds == 0, "nothing ran in it yet")
            // More that want to run than one CPU can: on one CPU they wait for each other.
            let spin = "taskset -c 0 sh -c 'for i in 1 2 3; do while :; do :; done & done; wait'"
            _ = try bench.start(spin, in: [try bench.slice("unified")])
            #expect(eventually { (bench.driver.pressure(bench.group)[.cpu]?.someMicroseconds ?? 0) > 0 })
        }
    }

    @Test func `the shim has a group of its own beside the slice's`() throws {
        try withBench { bench in
            let files = bench.driver.files(of: bench.group)
            let slice = try bench.slice("unified")
            #expect(files.taskProcs == ["\(slice)/cgroup.procs"])
            #expect(files.shimProcs.count == 1 && files.shimProcs != files.taskProcs)
            for path in files.taskProcs + files.shimProcs + [files.freezerFile, files.killFile].compactMap(\.self) {
                #expect(HostFile.exists(path), "\(path)")
            }
        }
    }

    @Test func `the kernel reports the limits that a plan set, where there are controllers`() throws {
        try withBench { bench in
            let plan = SlicePlan.make(
                bench.group, SliceCut(quotaMilliCPU: 250, memoryBytes: 64 << 20), on: bench.tree)
            for _ in 1...2 { try plan.carryOut(in: bench.tree) }
            for (controller, file, value) in [
                ("cpu", "cpu.max", "25000 100000"), ("memory", "memory.max", "\(64 << 20)"),
                ("pids", "pids.max", "\(SlicePlan.pidsPerSlice)"),
            ] where bench.tree.roots[controller] != nil {
                #expect(try bench.tree.read("\(try bench.slice(controller))/\(file)") == value)
            }
            #expect(try DeviceFilter.isInForce(DeviceRule.base, on: try bench.slice("devices")))
        }
    }

    /// `Tools/in-version2.sh` makes such a world.
    @Test(.enabled(if: seesPartOfHierarchy, "the whole hierarchy is seen, as on a machine"))
    func `the agent leaves a group that is to hand controllers down for a leaf of it`() throws {
        let bench = try GroupBench()
        defer { bench.close() }
        #expect(try CgroupHierarchy.detect().own == "/agent")
        #expect(try #require(bench.tree.roots["unified"]) == "/sys/fs/cgroup/\(bench.root)")
        // And there it stays, as an agent that is started anew.
        try GroupBench().close()
        #expect(try CgroupHierarchy.detect().own == "/agent")
    }
}
