import CHost
import Glibc

/// Limits through cgroup v1, one group per controller, and a group in the v2 hierarchy beside it where there is one, for
/// `cgroup.kill`.
package struct CgroupV1Driver: CgroupDriver {
    package let unenforced: [String]
    /// Folders under which we make groups, by controller; `unified` for the v2 hierarchy. Only those that can be used.
    let roots: [String: String]
    /// Distinct folders of `roots`: two controllers may share a hierarchy (cpu,cpuacct).
    let folders: [String]

    /// Controllers that limits need, and what is lost without one.
    private static let wanted: [(controller: String, loss: String)] = [
        ("cpu", "CPU quotas are not enforced"), ("cpuset", "slices are not bound to CPUs and NUMA domains"),
        ("memory", "memory limits are not enforced"), ("pids", "numbers of processes are not limited"),
        ("freezer", "slices cannot be frozen"), ("cpuacct", "CPU time is not accounted"),
    ]

    package init(hierarchy: CgroupHierarchy, root: String) {
        var usable: [String: String] = [:]
        var sentences: [String] = []
        for (controller, loss) in Self.wanted {
            guard let mount = hierarchy.controllers[controller] else {
                sentences.append("\(loss): this kernel offers no cgroup controller '\(controller)'.")
                continue
            }
            do throws(HostError) {
                usable[controller] = try Self.prepare(mount: mount, root: root, isCpuset: controller == "cpuset")
            } catch {
                sentences.append("\(loss): \(error).")
            }
        }
        if let mount = hierarchy.unified {
            // Without it, ending a slice falls back on its namespace's init and on repeated kills.
            usable["unified"] = try? Self.prepare(mount: mount, root: root, isCpuset: false)
        }
        if let memory = usable["memory"], !HostFile.exists(memory + "/memory.memsw.limit_in_bytes"), Self.hasSwap() {
            sentences.append("Swap is not limited: this kernel does not account it (boot with swapaccount=1).")
        }
        roots = usable
        folders = Set(usable.values).sorted()
        unenforced = sentences
    }

    package func files(of group: SliceGroup) -> SliceGroupFiles {
        var files = SliceGroupFiles()
        files.taskProcs = folders.map { path($0, group) + "/cgroup.procs" }
        files.shimProcs = folders.map { shimPath($0, group) + "/cgroup.procs" }
        if let root = roots["unified"], HostFile.exists(path(root, group) + "/cgroup.kill") {
            files.killFile = path(root, group) + "/cgroup.kill"
        }
        files.freezerFile = roots["freezer"].map { path($0, group) + "/freezer.state" }
        files.oomFile = roots["memory"].map { path($0, group) + "/memory.oom_control" }
        return files
    }

    package func groups() throws(HostError) -> [SliceGroup] {
        var found: Set<SliceGroup> = []
        for folder in folders {
            for kind in ["slices", "shims"] where HostFile.exists("\(folder)/\(kind)") {
                found.formUnion(try HostFile.names(in: "\(folder)/\(kind)").compactMap(SliceGroup.init(name:)))
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    package func processCount(_ group: SliceGroup) throws(HostError) -> Int {
        var most: Int32 = 0
        for folder in folders {
            let count = tm_cgroup_signal(path(folder, group), 0)
            try HostError.check(count, "list the processes of", path(folder, group))
            most = max(most, count)
        }
        return Int(most)
    }

    package func freeze(_ group: SliceGroup) throws(HostError) {
        if let root = roots["freezer"] { try HostFile.write("FROZEN", to: path(root, group) + "/freezer.state") }
    }

    package func thaw(_ group: SliceGroup) throws(HostError) {
        if let root = roots["freezer"] { try HostFile.write("THAWED", to: path(root, group) + "/freezer.state") }
    }

    package func isFrozen(_ group: SliceGroup) throws(HostError) -> Bool {
        guard let root = roots["freezer"] else { return true }
        // FREEZING while a process is still on its way, THAWED, or FROZEN.
        return try HostFile.readText(path(root, group) + "/freezer.state") == "FROZEN"
    }

    package func kill(_ group: SliceGroup) throws(HostError) {
        if let root = roots["unified"], HostFile.exists(path(root, group) + "/cgroup.kill") {
            try HostFile.write("1", to: path(root, group) + "/cgroup.kill")
        }
        for folder in folders {
            for path in [path(folder, group), shimPath(folder, group)] {
                try HostError.check(tm_cgroup_signal(path, SIGKILL), "kill", path)
            }
        }
        // The v1 freezer holds even SIGKILL back.
        if let root = roots["freezer"], HostFile.exists(path(root, group)) { try thaw(group) }
    }

    package func remove(_ group: SliceGroup) throws(HostError) {
        guard group.isSafe else { throw .unexpected("'\(group)' is not a name for a cgroup") }
        for folder in folders {
            for path in [path(folder, group), shimPath(folder, group)] { try removeTree(path) }
        }
    }

    func path(_ root: String, _ group: SliceGroup) -> String { "\(root)/slices/\(group.name)" }
    func shimPath(_ root: String, _ group: SliceGroup) -> String { "\(root)/shims/\(group.name)" }

    /// Removes a group and those that a task made below it.
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

    private static func hasSwap() -> Bool {
        // Without /proc/swaps there is no swap.
        let text = (try? HostFile.readText("/proc/swaps")) ?? ""
        return text.split(separator: "\n").count > 1
    }
}

extension CgroupV1Driver {
    /// Removes the root's own groups when no slice is left in them, as an agent's uninstallation does.
    package func removeRoot() {
        for folder in folders {
            // A group that is not empty stays, which is what is wanted.
            rmdir(folder + "/slices")
            rmdir(folder + "/shims")
            rmdir(folder)
        }
    }
}
