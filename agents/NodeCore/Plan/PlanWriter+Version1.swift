import TidemillLease

/// Cgroups of version 1: one hierarchy for each controller, and the one of version 2 beside them, where there is one.
extension PlanWriter {
    mutating func addVersion1() {
        guard let groups = abilities.groups else { return }
        makeGroups(groups)
        bindVersion1(groups)
        addDeviceFilter()
        if groups.steersSwap, let memory = group("memory", as: "memory") {
            // A group that may swap is not ended when it meets its limit.
            write("\(memory)/memory.swappiness", "0")
        }
        if let pids = group("pids", as: "pids") { write("\(pids)/pids.max", String(SlicePlan.pidsPerSlice)) }
        throttleVersion1(groups)
        probeVersion1()
        limitVersion1(groups)
    }

    /// Both lists before anything else: the kernel lets no process into a group whose lists are empty.
    private mutating func bindVersion1(_ groups: GroupAbilities) {
        guard let root = groups.roots["cpuset"] else { return }
        let isBound = !isLeftOut("cpuset")
        let group = "\(root)/slices/\(key)"
        let own = isBound && !cut.cpus.isEmpty ? cpus : groups.allCPUs
        let nodes = isBound && !cut.memoryNodes.isEmpty ? memoryNodes : groups.allMemoryNodes
        for (kind, cpus, nodes) in [("shims", groups.allCPUs, groups.allMemoryNodes), ("slices", own, nodes)] {
            write("\(root)/\(kind)/\(key)/cpuset.cpus", cpus)
            write("\(root)/\(kind)/\(key)/cpuset.mems", nodes)
        }
        if isBound, !cut.cpus.isEmpty { cpusFile = "\(group)/cpuset.cpus" }
    }

    private mutating func throttleVersion1(_ groups: GroupAbilities) {
        guard let most = abilities.ioMaxBytesPerSecond, let group = group("blkio", as: "io") else { return }
        for disk in groups.disks {
            throttle("\(group)/blkio.throttle.read_bps_device", "\(disk) \(most)")
            throttle("\(group)/blkio.throttle.write_bps_device", "\(disk) \(most)")
        }
    }

    private mutating func probeVersion1() {
        guard abilities.canProbe else { return }
        var files: [String] = []
        if let memory = group("memory", as: "memory") {
            write("\(memory)/memory.limit_in_bytes", String(ProbeLimits.memoryBytes))
            files.append("\(memory)/memory.limit_in_bytes")
        }
        var throttleFile: String?
        if let cpu = group("cpu", as: "cpu") {
            write("\(cpu)/cpu.cfs_period_us", String(ProbeLimits.periodMicroseconds))
            write("\(cpu)/cpu.cfs_quota_us", String(ProbeLimits.quotaMicroseconds))
            throttleFile = "\(cpu)/cpu.stat"
            files.append("\(cpu)/cpu.cfs_quota_us")
        }
        addProbe(throttleFile: throttleFile, cgroupFiles: files)
    }

    private mutating func limitVersion1(_ groups: GroupAbilities) {
        if let cpu = group("cpu", as: "cpu") {
            if let milliCPU = cut.quotaMilliCPU {
                let quota = Quota(milliCPU: milliCPU)
                write("\(cpu)/cpu.cfs_period_us", String(quota.periodMicroseconds))
                write("\(cpu)/cpu.cfs_quota_us", String(quota.quotaMicroseconds))
                confirm("\(cpu)/cpu.cfs_quota_us", String(quota.quotaMicroseconds))
            } else {
                write("\(cpu)/cpu.cfs_quota_us", "-1")
            }
        }
        if let memory = group("memory", as: "memory") {
            let limit = cut.memoryBytes.map(pages) ?? "-1"
            let file = "\(memory)/memory.limit_in_bytes"
            let scrub = SliceUndo.dropCache(
                path: "\(memory)/memory.force_empty", value: "0", usage: "\(memory)/memory.usage_in_bytes")
            steps.append(SliceStep(.write(path: file, value: limit), undo: isLeftOut("scrub") ? nil : scrub))
            if cut.memoryBytes != nil { confirm(file, limit) }
            // The sum may never be below the limit: it comes last, and only ever down to where the limit is.
            if groups.limitsSwap, cut.memoryBytes != nil {
                write("\(memory)/memory.memsw.limit_in_bytes", limit)
                confirm("\(memory)/memory.memsw.limit_in_bytes", limit)
            }
            // The kernel counts the buffers of sockets from this write on, apart from the rest.
            if groups.limitsSockets, cut.memoryBytes != nil {
                write("\(memory)/memory.kmem.tcp.limit_in_bytes", limit)
                confirm("\(memory)/memory.kmem.tcp.limit_in_bytes", limit)
            }
        }
        if let pids = group("pids", as: "pids") { confirm("\(pids)/pids.max", String(SlicePlan.pidsPerSlice)) }
        if let cpusFile { confirm(cpusFile, cpus) }
    }
}

extension PlanWriter {
    /// The canary tries what the machine can hold, and what no test leaves out.
    mutating func addProbe(throttleFile: String?, cgroupFiles: [String]) {
        var checks: [ProbeSpec.Check] = []
        if group("memory", as: "memory") != nil { checks.append(.memory) }
        if throttleFile != nil { checks.append(.cpu) }
        if cpusFile != nil { checks.append(.affinity) }
        if group("devices", as: "devices") != nil { checks.append(.device) }
        if !isLeftOut("proc") { checks.append(.process) }
        if !cgroupFiles.isEmpty, !isLeftOut("mounts") { checks.append(.cgroupFiles) }
        steps.append(
            SliceStep(
                .probe(
                    ProbePlan(
                        checks: checks, throttleFile: throttleFile, cpus: cpusFile == nil ? nil : cpus,
                        cgroupFiles: cgroupFiles))))
    }
}
