import Glibc

extension CgroupV1Driver {
    package func create(_ group: SliceGroup, limits: SliceLimits) throws(HostError) {
        guard group.isSafe else { throw .unexpected("'\(group)' is not a name for a cgroup") }
        for folder in place.folders {
            for path in [path(folder, group), place.shim(folder, group)] { try HostFile.makeFolder(path) }
        }
        if let root = roots["cpuset"] {
            // The kernel lets no process into a group whose two lists are empty.
            try setLists(place.shim(root, group), cpus: nil, memoryNodes: nil)
            try setLists(path(root, group), cpus: limits.cpus, memoryNodes: limits.memoryNodes)
        }
        if let root = roots["cpu"], let quota = limits.quotaMilliCPU {
            try setQuota(path(root, group), milliCPU: quota)
        }
        if let root = roots["memory"], let bytes = limits.memoryBytes {
            try setMemory(path(root, group), bytes: bytes)
        }
        if let root = roots["pids"], let pids = limits.pids {
            try HostFile.write(String(pids), to: path(root, group) + "/pids.max")
        }
    }

    package func limits(of group: SliceGroup) throws(HostError) -> SliceLimits {
        var limits = SliceLimits()
        if let root = roots["cpuset"] {
            limits.cpus = CPUList(parsing: try HostFile.readText(path(root, group) + "/cpuset.cpus"))
            limits.memoryNodes = CPUList(parsing: try HostFile.readText(path(root, group) + "/cpuset.mems"))
        }
        if let root = roots["cpu"] {
            let quota = try number(path(root, group) + "/cpu.cfs_quota_us")
            let period = try number(path(root, group) + "/cpu.cfs_period_us")
            if quota > 0, period > 0 { limits.quotaMilliCPU = quota * 1000 / period }
        }
        if let root = roots["memory"] {
            let bytes = try number(path(root, group) + "/memory.limit_in_bytes")
            // The kernel prints the largest multiple of a page for "no limit".
            if bytes < Int64.max / 2 { limits.memoryBytes = bytes }
        }
        if let root = roots["pids"] {
            limits.pids = Int64(try HostFile.readText(path(root, group) + "/pids.max"))
        }
        return limits
    }

    package func oomKills(_ group: SliceGroup) throws(HostError) -> Int64 {
        guard let root = roots["memory"] else { return 0 }
        for line in try HostFile.readText(path(root, group) + "/memory.oom_control").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int64(words[1]) ?? 0 }
        }
        return 0
    }

    package func cpuNanoseconds(_ group: SliceGroup) throws(HostError) -> Int64? {
        guard let root = roots["cpuacct"] else { return nil }
        return try number(path(root, group) + "/cpuacct.usage")
    }

    package func memoryBytes(_ group: SliceGroup) throws(HostError) -> Int64? {
        guard let root = roots["memory"] else { return nil }
        return try number(path(root, group) + "/memory.usage_in_bytes")
    }

    /// Makes `ROOT/slices` and `ROOT/shims` below a mount and returns ROOT; throws when this process may not.
    static func prepare(mount: String, root: String, isCpuset: Bool) throws(HostError) -> String {
        let parts = root.split(separator: "/").map(String.init)
        guard !parts.isEmpty, !parts.contains(".."), !parts.contains(".") else {
            throw .unexpected("the cgroup root must be a relative name below the hierarchies, not '\(root)'")
        }
        var folder = mount
        for part in parts {
            folder += "/" + part
            try HostFile.makeFolder(folder)
            if isCpuset { try inheritLists(folder) }
        }
        for kind in ["slices", "shims"] {
            try HostFile.makeFolder("\(folder)/\(kind)")
            if isCpuset { try inheritLists("\(folder)/\(kind)") }
        }
        guard access("\(folder)/slices", W_OK) == 0 else {
            throw .failed("write to", path: "\(folder)/slices", errno: errno)
        }
        return folder
    }

    /// A new cpuset group starts with empty lists: give it its parent's.
    private static func inheritLists(_ folder: String) throws(HostError) {
        let parent = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        for file in ["cpuset.cpus", "cpuset.mems"] where try HostFile.readText("\(folder)/\(file)").isEmpty {
            var list = try HostFile.readText("\(parent)/\(file)")
            // The root group's lists may read empty; what is effective there is everything that is online.
            if list.isEmpty { list = try HostFile.readText("\(parent)/cpuset.effective_\(file.dropFirst(7))") }
            try HostFile.write(list, to: "\(folder)/\(file)")
        }
    }

    private func setLists(_ folder: String, cpus: CPUList?, memoryNodes: CPUList?) throws(HostError) {
        try Self.inheritLists(folder)
        if let cpus, !cpus.isEmpty { try HostFile.write(cpus.description, to: folder + "/cpuset.cpus") }
        if let memoryNodes, !memoryNodes.isEmpty {
            try HostFile.write(memoryNodes.description, to: folder + "/cpuset.mems")
        }
    }

    /// The kernel takes quotas from 1 ms and periods up to 1 s, so that the least is 1 milli-CPU.
    private func setQuota(_ folder: String, milliCPU: Int64) throws(HostError) {
        let period: Int64 = milliCPU < 10 ? 1_000_000 : 100_000
        try HostFile.write(String(period), to: folder + "/cpu.cfs_period_us")
        try HostFile.write(String(max(1000, milliCPU * period / 1000)), to: folder + "/cpu.cfs_quota_us")
    }

    /// Memory without swap: with swap accounting the sum is bounded too, and the kernel is told not to swap.
    private func setMemory(_ folder: String, bytes: Int64) throws(HostError) {
        let limit = folder + "/memory.limit_in_bytes"
        let sum = folder + "/memory.memsw.limit_in_bytes"
        if HostFile.exists(sum) {
            // The sum may never be below the limit: raise it first when the limit grows, lower it last when it shrinks.
            if bytes > (try number(sum)) { try HostFile.write(String(bytes), to: sum) }
            try HostFile.write(String(bytes), to: limit)
            try HostFile.write(String(bytes), to: sum)
        } else {
            try HostFile.write(String(bytes), to: limit)
        }
        if HostFile.exists(folder + "/memory.swappiness") { try HostFile.write("0", to: folder + "/memory.swappiness") }
    }

    private func number(_ path: String) throws(HostError) -> Int64 {
        let text = try HostFile.readText(path)
        // Values above Int64 are "no limit".
        return Int64(text) ?? .max
    }
}
