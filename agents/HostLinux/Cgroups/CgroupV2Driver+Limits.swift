extension CgroupV2Driver {
    package func create(_ group: SliceGroup, limits: SliceLimits) throws(HostError) {
        guard group.isSafe else { throw .unexpected("'\(group)' is not a name for a cgroup") }
        let slice = place.slice(root, group)
        for path in [slice, place.shim(root, group)] { try HostFile.makeFolder(path) }
        let has = { (controller: String) in place.roots[controller] != nil }
        if has("cpuset") {
            if let cpus = limits.cpus { try HostFile.write(cpus.description, to: slice + "/cpuset.cpus") }
            if let nodes = limits.memoryNodes { try HostFile.write(nodes.description, to: slice + "/cpuset.mems") }
        }
        if has("cpu"), let quota = limits.quotaMilliCPU {
            // The kernel takes quotas from 1 ms and periods up to 1 s, so that the least is 1 milli-CPU.
            let period: Int64 = quota < 10 ? 1_000_000 : 100_000
            try HostFile.write("\(max(1000, quota * period / 1000)) \(period)", to: slice + "/cpu.max")
        }
        if has("memory"), let bytes = limits.memoryBytes {
            try HostFile.write("\(bytes)", to: slice + "/memory.max")
            if place.limitsSwap { try HostFile.write("0", to: slice + "/memory.swap.max") }
            if place.endsAsGroup { try HostFile.write("1", to: slice + "/memory.oom.group") }
        }
        if has("pids"), let pids = limits.pids { try HostFile.write("\(pids)", to: slice + "/pids.max") }
    }

    package func limits(of group: SliceGroup) throws(HostError) -> SliceLimits {
        let slice = place.slice(root, group)
        var limits = SliceLimits()
        if place.roots["cpuset"] != nil {
            limits.cpus = CPUList(parsing: try HostFile.readText(slice + "/cpuset.cpus.effective"))
            limits.memoryNodes = CPUList(parsing: try HostFile.readText(slice + "/cpuset.mems.effective"))
        }
        if place.roots["cpu"] != nil {
            let words = try HostFile.readText(slice + "/cpu.max").split(separator: " ").map { Int64($0) }
            if words.count == 2, let quota = words[0], let period = words[1], period > 0 {
                limits.quotaMilliCPU = quota * 1000 / period
            }
        }
        if place.roots["memory"] != nil {
            // `max` is no number, and no limit.
            limits.memoryBytes = Int64(try HostFile.readText(slice + "/memory.max"))
        }
        if place.roots["pids"] != nil { limits.pids = Int64(try HostFile.readText(slice + "/pids.max")) }
        return limits
    }
}
