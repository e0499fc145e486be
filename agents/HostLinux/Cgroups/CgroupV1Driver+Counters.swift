/// What the kernel counts of a slice.
extension CgroupV1Driver {
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

    private func number(_ path: String) throws(HostError) -> Int64 {
        let text = try HostFile.readText(path)
        // Values above Int64 are "no limit".
        return Int64(text) ?? .max
    }
}
