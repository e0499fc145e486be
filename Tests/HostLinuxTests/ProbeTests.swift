import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// The canary: it finds what holds, and with a mechanism left out it finds that too.
@Suite(.enabled(if: isRoot, "canaries in cgroups need root"), .serialized) struct ProbeTests {
    /// Probes the groups of a bench.
    /// - Parameters:
    ///   - unplanned: what the slice's plan leaves out.
    ///   - omit: what the canary is not kept from.
    private func probe(
        _ checks: [ProbeSpec.Check] = ProbeSpec.Check.allCases, cut: SliceCut = narrow, unplanned: Set<String> = [],
        omit: String = "", _ change: (inout ProbeSpec, ShimBench) -> Void = { _, _ in },
        disturb: (ProcessHandle) throws -> Void = { _ in }
    ) throws -> ProbeRecord {
        let broken = omit.split(separator: ",").map { "omit:\($0)" }.joined(separator: ",")
        let bench = try ShimBench(["true"], cut: cut, omitted: unplanned, broken: broken)
        defer { bench.close() }
        bench.contain()
        var spec = ProbeSpec(
            checks: checks, groups: bench.spec.groups, userID: bench.spec.userID, groupID: bench.spec.groupID,
            containment: bench.spec.containment, touchBytes: 16 << 20,
            throttleFile: bench.spec.groups.taskProcs.first { $0.contains("/cpu/") || $0.contains("cpu,") }
                .map { String($0.dropLast("cgroup.procs".count)) + "cpu.stat" },
            cpus: KernelList.text(cut.cpus), foreignPid: getpid(), cgroupFiles: bench.spec.groups.taskProcs,
            recordPath: bench.folder + "/probed")
        change(&spec, bench)
        let launcher = ShimLauncher(program: try ShimBench.findShim(), broken: Broken(broken))
        bench.shim = try launcher.launchProbe(
            spec: try spec.bytes(), specPath: bench.folder + "/probe", complaintsPath: bench.folder + "/complaints")
        let shim = try #require(bench.shim)
        try disturb(shim)
        #expect(eventually { !shim.isRunning })
        #expect(shim.exitNow() == .exited(0), "\(bench.complaints)")
        #expect(try bench.processes == 0)
        return try ProbeRecord(bytes: HostFile.read(spec.recordPath))
    }

    private static let narrow = SliceCut(
        cpus: [0], memoryNodes: [0], quotaMilliCPU: 100, memoryBytes: 8 << 20)

    private func verdict(_ record: ProbeRecord, _ check: ProbeSpec.Check) -> ProbeRecord.Verdict? {
        record.findings.first { $0.check == check }?.verdict
    }

    @Test func `a canary finds what holds, and says how it knows`() throws {
        let record = try probe { spec, _ in shortenPeriods(spec) }
        #expect(record.holds, "\(record)")
        #expect(record.findings.map(\.check) == ProbeSpec.Check.allCases)
        #expect(record.findings.allSatisfy { $0.verdict == .held }, "\(record)")
        #expect(record.findings.allSatisfy { $0.evidence.hasSuffix(".") }, "\(record)")
        #expect(record.duration < .seconds(5))
    }

    /// So that the canary need not wait long for its next one.
    private func shortenPeriods(_ spec: ProbeSpec) {
        guard let folder = spec.throttleFile?.dropLast("cpu.stat".count) else { return }
        // Where it cannot be done, the canary takes longer.
        try? HostFile.write("5000", to: folder + "cpu.cfs_period_us")
        try? HostFile.write("1000", to: folder + "cpu.cfs_quota_us")
    }

    @Test func `memory that nothing bounds is found`() throws {
        var wide = Self.narrow
        wide.memoryBytes = nil
        let record = try probe([.memory], cut: wide)
        #expect(verdict(record, .memory) == .gotThrough && !record.holds, "\(record)")
    }

    @Test func `CPU time that nothing bounds is found`() throws {
        var wide = Self.narrow
        wide.quotaMilliCPU = nil
        // On a busy machine the canary may not get enough to be sure, and says so; it never takes that for a limit.
        var record = try probe([.cpu], cut: wide)
        for _ in 0..<20 where verdict(record, .cpu) == .notTried { record = try probe([.cpu], cut: wide) }
        #expect(verdict(record, .cpu) == .gotThrough, "\(record)")
    }

    @Test func `CPUs that were not granted are found`() throws {
        let record = try probe([.affinity]) { spec, _ in spec.cpus = "99" }
        #expect(verdict(record, .affinity) == .gotThrough, "\(record)")
    }

    @Test func `a device that can be opened is found, and one that cannot is not`() throws {
        let open = try probe([.device], unplanned: ["devices"])
        #expect(verdict(open, .device) == .gotThrough, "\(open)")
        let shut = try probe([.device])
        #expect(verdict(shut, .device) == .held, "\(shut)")
    }

    @Test func `processes of others that can be seen are found`() throws {
        let record = try probe([.process], omit: "proc")
        #expect(verdict(record, .process) == .gotThrough, "\(record)")
    }

    @Test func `cgroup files that can be written are found`() throws {
        let record = try probe([.cgroupFiles], omit: "mounts,uid")
        #expect(verdict(record, .cgroupFiles) == .gotThrough, "\(record)")
        #expect(verdict(try probe([.cgroupFiles], omit: "mounts"), .cgroupFiles) == .held)
        #expect(verdict(try probe([.cgroupFiles], omit: "uid"), .cgroupFiles) == .held)
    }

    @Test func `a canary that cannot stand where the task would says so, and nothing holds`() throws {
        let record = try probe { spec, _ in spec.groups.taskProcs.append("/sys/fs/cgroup/no-such/cgroup.procs") }
        #expect(!record.holds && record.failure?.contains("no-such") == true)
        #expect(record.findings.allSatisfy { $0.verdict == .notTried })
    }

    @Test func `a canary that hangs is given up and leaves nothing`() throws {
        let record = try probe([.cpu]) { spec, _ in
            spec.spinTime = .seconds(1_000)
            spec.patience = .milliseconds(300)
            spec.groups.taskProcs = []
        }
        #expect(record.failure?.contains("did not come to its end") == true)
        #expect(record.duration < .seconds(5))
    }

    @Test func `a canary that is killed before its end has proven nothing`() throws {
        let record = try probe([.cpu, .memory]) { spec, _ in
            spec.spinTime = .seconds(1_000)
            spec.patience = .seconds(60)
            spec.groups.taskProcs = []
        } disturb: { shim in
            let canary = try child(of: shim.pid)
            // It tries already: it has a spinner.
            _ = try child(of: canary)
            kill(canary, SIGKILL)
        }
        #expect(record.failure == "The canary ended by signal 9 before it had tried everything.", "\(record)")
        #expect(!record.holds && record.fails)
    }

    /// The first child of a process, waited for.
    private func child(of pid: Int32) throws -> Int32 {
        var found: Int32?
        _ = try eventually {
            found = Int32(try HostFile.readText("/proc/\(pid)/task/\(pid)/children").prefix { $0 != " " })
            return found != nil
        }
        return try #require(found)
    }

    @Test func `an unlucky number of a process is not taken for the agent's`() throws {
        #expect(verdict(try probe([.process]) { spec, _ in spec.foreignPid = 1 }, .process) == .held)
    }
}
