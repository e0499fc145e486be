import CHost
import Glibc
import TidemillSeams

/// The steps of a plan, one at a time. Each may be repeated, and refuses what is not of our tree.
extension CgroupTree {
    /// Never what is above it: a tree that was taken away is not ours to make again where controllers may be missing.
    package func makeGroup(_ path: String) throws(HostError) {
        try HostFile.makeFolder(try owned(path), withParents: false)
    }

    /// Whether the tree is still there; whoever keeps the machine's groups may have taken it away.
    package var isThere: Bool {
        folders.allSatisfy { HostFile.exists($0 + "/slices") && HostFile.exists($0 + "/shims") }
    }

    package func write(_ value: String, to path: String) throws(HostError) {
        try HostFile.write(value, to: try owned(path))
    }

    /// Writes the bound of a disk; one that was taken out of the machine needs none.
    package func throttle(_ value: String, at path: String) throws(HostError) {
        do throws(HostError) {
            try write(value, to: path)
        } catch .failed(_, _, let number) where number == ENODEV || number == ENXIO {}  // it is gone
    }

    /// The same by a process of its own, which is returned: the kernel may keep it waiting for a disk.
    package func writeApart(_ value: String, to path: String) throws(HostError) -> ProcessHandle {
        let bytes = Array(value.utf8)
        var child = tm_child()
        let result = tm_write_apart(try owned(path), bytes, bytes.count, &child)
        try HostError.check(result, "have a process write '\(value)' to", path)
        return ProcessHandle(pid: child.pid, pidfd: child.pidfd, startTicks: 0)
    }

    /// Bounds what all slices may take of the machine's memory together, also what is charged to none that is there any more.
    package func limitMemory(to bytes: Int64) throws(HostError) {
        guard let root = roots["memory"] else { return }
        let file = version == .version1 ? "memory.limit_in_bytes" : "memory.max"
        try HostFile.write(String(bytes), to: "\(root)/slices/\(file)")
    }

    package func read(_ path: String) throws(HostError) -> String {
        try HostFile.readText(try owned(path))
    }

    /// Denies the group every device but those of `rules`, in place of what it was denied before.
    package func filterDevices(_ rules: [DeviceRule], of path: String) throws(HostError) {
        try DeviceFilter.apply(rules, to: try owned(path))
    }

    /// Removes a group and those that were made below it; throws `busy` while a process is left. Gone already is no error.
    package func removeGroup(_ path: String) throws(HostError) {
        try removeTree(try owned(path))
    }

    /// Bytes of memory that are charged to a slice and that the kernel cannot take back when it needs them: all but the page
    /// cache. Nil where memory is not counted.
    package func heldBytes(_ group: SliceGroup) throws(HostError) -> Int64? {
        guard let root = roots["memory"] else { return nil }
        let folder = slice(root, group)
        let isVersion1 = version == .version1
        let used =
            Int64(
                try HostFile.readText(folder + (isVersion1 ? "/memory.usage_in_bytes" : "/memory.current"))) ?? 0
        let prefix = isVersion1 ? "total_" : ""
        let cache = [prefix + "active_file", prefix + "inactive_file"]
        var held = used
        for line in try HostFile.readText(folder + "/memory.stat").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, cache.contains(String(words[0])) { held -= Int64(words[1]) ?? 0 }
        }
        return max(0, held)
    }

    private func owned(_ path: String) throws(HostError) -> String {
        guard owns(path) else { throw .unexpected("\(path) is not a cgroup of ours") }
        return path
    }

    private func removeTree(_ path: String) throws(HostError) {
        guard HostFile.exists(path) else { return }
        for name in try HostFile.names(in: path) {
            var facts = stat()
            let below = "\(path)/\(name)"
            if lstat(below, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR { try removeTree(below) }
        }
        if rmdir(path) == 0 || errno == ENOENT { return }
        let number = errno
        if number == EBUSY { throw .busy(path: path, processes: Int(max(0, tm_cgroup_signal(path, 0)))) }
        throw .failed("remove", path: path, errno: number)
    }
}

/// What both versions do alike.
extension CgroupTree {
    /// Every slice of which a group exists.
    func groups() throws(HostError) -> [SliceGroup] {
        var found: Set<SliceGroup> = []
        for folder in folders {
            for kind in ["slices", "shims"] where HostFile.exists("\(folder)/\(kind)") {
                found.formUnion(try HostFile.names(in: "\(folder)/\(kind)").compactMap(SliceGroup.init(name:)))
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    func processCount(_ group: SliceGroup) throws(HostError) -> Int {
        var most: Int32 = 0
        for folder in folders {
            let count = tm_cgroup_signal(slice(folder, group), 0)
            try HostError.check(count, "list the processes of", slice(folder, group))
            most = max(most, count)
        }
        return Int(most)
    }

    /// SIGKILL to everything in the slice's groups and its shim's: at once through `cgroup.kill` where there is one, and one
    /// by one.
    func kill(_ group: SliceGroup) throws(HostError) {
        for folder in folders {
            for path in [slice(folder, group), shim(folder, group)] {
                if HostFile.exists(path + "/cgroup.kill") { try HostFile.write("1", to: path + "/cgroup.kill") }
                try HostError.check(tm_cgroup_signal(path, SIGKILL), "kill", path)
            }
        }
    }

    func remove(_ group: SliceGroup) throws(HostError) {
        guard group.isSafe else { throw .unexpected("'\(group)' is not a name for a cgroup") }
        for folder in folders {
            for path in [slice(folder, group), shim(folder, group)] { try removeGroup(path) }
        }
    }

    /// Removes our own folders when no slice is left in them, as an agent's uninstallation does.
    package func removeRoot() {
        for folder in folders {
            // A group that is not empty stays, which is what is wanted.
            rmdir(folder + "/slices")
            rmdir(folder + "/shims")
            rmdir(folder)
        }
    }

    func pressure(_ group: SliceGroup) -> [Pressure.Resource: Pressure] {
        guard let folder = roots["unified"] else { return [:] }
        return Pressure.read { slice(folder, group) + "/\($0.rawValue).pressure" }
    }
}
