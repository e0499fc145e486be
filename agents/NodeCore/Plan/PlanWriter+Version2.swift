import TidemillLease

/// Cgroups of version 2: one hierarchy. Files and values as the kernel's Documentation/admin-guide/cgroup-v2.rst has them.
extension PlanWriter {
    mutating func addVersion2() {
        guard let groups = abilities.groups else { return }
        makeGroups(groups)
        if let group = group("cpuset", as: "cpuset") {
            if !cut.memoryNodes.isEmpty { write("\(group)/cpuset.mems", memoryNodes) }
            if !cut.cpus.isEmpty {
                write("\(group)/cpuset.cpus", cpus)
                cpusFile = "\(group)/cpuset.cpus"
            }
        }
        addDeviceFilter()
        if let memory = group("memory", as: "memory") {
            if groups.limitsSwap {
                write("\(memory)/memory.swap.max", "0")
                confirm("\(memory)/memory.swap.max", "0")
            }
            if groups.endsAsGroup {
                write("\(memory)/memory.oom.group", "1")
                confirm("\(memory)/memory.oom.group", "1")
            }
        }
        if let pids = group("pids", as: "pids") { write("\(pids)/pids.max", String(SlicePlan.pidsPerSlice)) }
        if let most = abilities.ioMaxBytesPerSecond, let io = group("io", as: "io") {
            for disk in groups.disks { throttle("\(io)/io.max", "\(disk) rbps=\(most) wbps=\(most)") }
        }
        probeVersion2()
        limitVersion2(groups)
    }

    private mutating func probeVersion2() {
        guard abilities.canProbe else { return }
        var files: [String] = []
        if let memory = group("memory", as: "memory") {
            write("\(memory)/memory.max", String(ProbeLimits.memoryBytes))
            files.append("\(memory)/memory.max")
        }
        var throttleFile: String?
        if let cpu = group("cpu", as: "cpu") {
            write("\(cpu)/cpu.max", "\(ProbeLimits.quotaMicroseconds) \(ProbeLimits.periodMicroseconds)")
            throttleFile = "\(cpu)/cpu.stat"
            files.append("\(cpu)/cpu.max")
        }
        addProbe(throttleFile: throttleFile, cgroupFiles: files)
    }

    private mutating func limitVersion2(_ groups: GroupAbilities) {
        if let cpu = group("cpu", as: "cpu") {
            if let milliCPU = cut.quotaMilliCPU {
                let quota = Quota(milliCPU: milliCPU)
                let text = "\(quota.quotaMicroseconds) \(quota.periodMicroseconds)"
                write("\(cpu)/cpu.max", text)
                confirm("\(cpu)/cpu.max", text)
            } else {
                write("\(cpu)/cpu.max", "max 100000")
            }
        }
        if let memory = group("memory", as: "memory") {
            let limit = cut.memoryBytes.map(pages) ?? "max"
            let file = "\(memory)/memory.max"
            // More than any slice has: as much as the kernel can.
            let scrub = SliceUndo.dropCache(
                path: "\(memory)/memory.reclaim", value: "1T", usage: "\(memory)/memory.current")
            steps.append(SliceStep(.write(path: file, value: limit), undo: isLeftOut("scrub") ? nil : scrub))
            confirm(file, limit)
        }
        if let pids = group("pids", as: "pids") { confirm("\(pids)/pids.max", String(SlicePlan.pidsPerSlice)) }
        // What the kernel grants, not what was written.
        if let cpusFile { confirm("\(cpusFile).effective", cpus) }
    }
}
