import Testing
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams
import TidemillWire

@Suite struct SlicePlanTests {
    static let key = SliceKey(uid: SliceUID("u"), epoch: Epoch(3))

    static func version1(omitted: Set<String> = [], canProbe: Bool = false) -> HostAbilities {
        let names = ["cpu", "cpuset", "memory", "pids", "devices", "unified"]
        let roots = Dictionary(uniqueKeysWithValues: names.map { ($0, "/\($0)/t") })
        return HostAbilities(
            slicesFolder: "/var/slices",
            groups: GroupAbilities(
                version: .version1, roots: roots, allCPUs: "0-7", allMemoryNodes: "0", limitsSwap: true,
                steersSwap: true, limitsSockets: true),
            domains: CoreBookTests.domains, omitted: omitted, canProbe: canProbe)
    }

    static func version2(_ most: Int64? = nil) -> HostAbilities {
        let names = ["cpu", "cpuset", "memory", "pids", "devices", "io", "unified"]
        return HostAbilities(
            slicesFolder: "/var/slices",
            groups: GroupAbilities(
                version: .version2, roots: Dictionary(uniqueKeysWithValues: names.map { ($0, "/c") }),
                limitsSwap: true, endsAsGroup: true, disks: ["8:0"]),
            domains: CoreBookTests.domains, ioMaxBytesPerSecond: most)
    }

    static let shared = SliceCut(cpus: [0, 1, 2, 4], memoryNodes: [0], quotaMilliCPU: 250, memoryBytes: (1 << 20) + 7)
    static let whole = SliceCut(cpus: [3, 7], isWhole: true, memoryNodes: [0], memoryBytes: 1 << 20)

    /// One line for each step, one for each undo.
    static func text(_ plan: SlicePlan) -> String {
        let steps = plan.steps.map { step in
            switch step.action {
            case .makeFolder(let path, let mode): "folder \(path) \(String(mode, radix: 8))"
            case .makeGroup(let path): "group \(path)"
            case .write(let path, let value), .throttle(let path, let value): "\(path) <- \(value)"
            case .confirm(let path, let value): "\(path) == \(value)"
            case .filterDevices(let path, let rules): "devices \(path) \(rules.count)"
            case .probe(let probe):
                "probe \(probe.checks.map(\.rawValue)) \(probe.cpus ?? "-") \(probe.throttleFile ?? "-")"
            }
        }
        let undos = plan.undos.map { undo in
            switch undo {
            case .removeGroup(let path): "undo group \(path)"
            case .dropCache(let path, let value, _): "undo \(path) <- \(value)"
            }
        }
        return (steps + undos).joined(separator: "\n")
    }

    @Test func `a shared part of version 1, step by step`() {
        #expect(
            Self.text(.make(Self.key, Self.shared, Self.version1())) == """
                folder /var/slices/u.3 700
                group /cpu/t/shims/u.3
                group /cpu/t/slices/u.3
                group /cpuset/t/shims/u.3
                group /cpuset/t/slices/u.3
                group /devices/t/shims/u.3
                group /devices/t/slices/u.3
                group /memory/t/shims/u.3
                group /memory/t/slices/u.3
                group /pids/t/shims/u.3
                group /pids/t/slices/u.3
                group /unified/t/shims/u.3
                group /unified/t/slices/u.3
                /cpuset/t/shims/u.3/cpuset.cpus <- 0-7
                /cpuset/t/shims/u.3/cpuset.mems <- 0
                /cpuset/t/slices/u.3/cpuset.cpus <- 0-2,4
                /cpuset/t/slices/u.3/cpuset.mems <- 0
                devices /devices/t/slices/u.3 8
                /memory/t/slices/u.3/memory.swappiness <- 0
                /pids/t/slices/u.3/pids.max <- 4096
                /cpu/t/slices/u.3/cpu.cfs_period_us <- 100000
                /cpu/t/slices/u.3/cpu.cfs_quota_us <- 25000
                /cpu/t/slices/u.3/cpu.cfs_quota_us == 25000
                /memory/t/slices/u.3/memory.limit_in_bytes <- 1048576
                /memory/t/slices/u.3/memory.limit_in_bytes == 1048576
                /memory/t/slices/u.3/memory.memsw.limit_in_bytes <- 1048576
                /memory/t/slices/u.3/memory.memsw.limit_in_bytes == 1048576
                /memory/t/slices/u.3/memory.kmem.tcp.limit_in_bytes <- 1048576
                /memory/t/slices/u.3/memory.kmem.tcp.limit_in_bytes == 1048576
                /pids/t/slices/u.3/pids.max == 4096
                /cpuset/t/slices/u.3/cpuset.cpus == 0-2,4
                undo /memory/t/slices/u.3/memory.force_empty <- 0
                undo group /unified/t/slices/u.3
                undo group /unified/t/shims/u.3
                undo group /pids/t/slices/u.3
                undo group /pids/t/shims/u.3
                undo group /memory/t/slices/u.3
                undo group /memory/t/shims/u.3
                undo group /devices/t/slices/u.3
                undo group /devices/t/shims/u.3
                undo group /cpuset/t/slices/u.3
                undo group /cpuset/t/shims/u.3
                undo group /cpu/t/slices/u.3
                undo group /cpu/t/shims/u.3
                """)
    }

    @Test func `whole cores of version 2 with disks throttled, step by step`() {
        #expect(
            Self.text(.make(Self.key, Self.whole, Self.version2(1 << 20))) == """
                folder /var/slices/u.3 700
                group /c/shims/u.3
                group /c/slices/u.3
                /c/slices/u.3/cpuset.mems <- 0
                /c/slices/u.3/cpuset.cpus <- 3,7
                devices /c/slices/u.3 8
                /c/slices/u.3/memory.swap.max <- 0
                /c/slices/u.3/memory.swap.max == 0
                /c/slices/u.3/memory.oom.group <- 1
                /c/slices/u.3/memory.oom.group == 1
                /c/slices/u.3/pids.max <- 4096
                /c/slices/u.3/io.max <- 8:0 rbps=1048576 wbps=1048576
                /c/slices/u.3/cpu.max <- max 100000
                /c/slices/u.3/memory.max <- 1048576
                /c/slices/u.3/memory.max == 1048576
                /c/slices/u.3/pids.max == 4096
                /c/slices/u.3/cpuset.cpus.effective == 3,7
                undo /c/slices/u.3/memory.reclaim <- 1T
                undo group /c/slices/u.3
                undo group /c/shims/u.3
                """)
    }

    @Test func `a machine that cannot throttle disks says so where that is asked for`() {
        let reason = "Disks are not throttled: no cgroup controller for them can be used here."
        var abilities = Self.version1()
        #expect(SlicePlan.make(Self.key, Self.shared, abilities).grade == .enforced)
        abilities.ioMaxBytesPerSecond = 1 << 20
        #expect(SlicePlan.make(Self.key, Self.shared, abilities).unenforced == [reason])
        abilities.groups?.roots["blkio"] = "/blkio/t"
        let none = "Disks are not throttled: none was found."
        #expect(SlicePlan.make(Self.key, Self.shared, abilities).unenforced == [none])
        abilities.groups?.disks = ["8:0"]
        let plan = SlicePlan.make(Self.key, Self.shared, abilities)
        #expect(plan.grade == .enforced)
        #expect(Self.text(plan).contains("/blkio/t/slices/u.3/blkio.throttle.write_bps_device <- 8:0 1048576"))
    }

    @Test func `a canary comes between small limits and the true ones`() throws {
        let plan = SlicePlan.make(Self.key, Self.shared, Self.version1(canProbe: true))
        let lines = Self.text(plan).split(separator: "\n").map(String.init)
        let probe = try #require(lines.firstIndex { $0.hasPrefix("probe") })
        #expect(
            lines[(probe - 3)...probe] == [
                "/memory/t/slices/u.3/memory.limit_in_bytes <- 8388608",
                "/cpu/t/slices/u.3/cpu.cfs_period_us <- 5000", "/cpu/t/slices/u.3/cpu.cfs_quota_us <- 1000",
                #"probe ["memory", "cpu", "affinity", "device", "process", "cgroupFiles"] 0-2,4 /cpu/t/slices/u.3/cpu.stat"#,
            ])
        #expect(lines.lastIndex { $0.hasSuffix("memory.limit_in_bytes <- 1048576") } ?? 0 > probe)
        #expect(plan.probe?.cgroupFiles.count == 2)
    }

    @Test(arguments: [
        ("cpu", "/cpu.cfs"), ("cpuset", "cpuset.cpus <- 0-2,4"), ("memory", "/memory."), ("pids", "pids.max"),
        ("devices", "devices /"), ("scrub", "force_empty"),
    ])
    func `what a test leaves out is not in the plan, and is told`(name: String, mark: String) {
        let full = Self.text(.make(Self.key, Self.shared, Self.version1()))
        let plan = SlicePlan.make(Self.key, Self.shared, Self.version1(omitted: [name]))
        #expect(full.contains(mark) && !Self.text(plan).contains(mark))
        #expect(plan.grade == .advisory && plan.unenforced.count == 1)
    }

    @Test func `a machine without cgroups makes a folder alone`() {
        let abilities = HostAbilities(slicesFolder: "/s", groups: nil, domains: [:], unenforced: ["Nothing holds."])
        let plan = SlicePlan.make(Self.key, Self.shared, abilities)
        #expect(Self.text(plan) == "folder /s/u.3 700" && plan.grade == .advisory && plan.undos.isEmpty)
    }

    @Test func `every plan reads back from the journal as it was written`() throws {
        for abilities in [Self.version1(canProbe: true), Self.version1(omitted: ["cpu"]), Self.version2(9999)] {
            for cut in [Self.shared, Self.whole, SliceCut()] {
                let plan = SlicePlan.make(Self.key, cut, abilities)
                #expect(SlicePlan(json: try JSON.parse(plan.json.text)) == plan)
            }
        }
    }

    @Test func `a plan of which one step cannot be read is none, nor is its slice`() throws {
        var slice = Scene.held(.preparing)
        slice.plan = SlicePlan.make(Self.key, Self.shared, Self.version1())
        #expect(HeldSlice(json: slice.json) == slice)
        slice.plan?.steps[2].undo = nil
        let text = slice.json.text.replacing("\"group\"", with: "\"grope\"")
        #expect(HeldSlice(json: try JSON.parse(text)) == nil)
    }
}
