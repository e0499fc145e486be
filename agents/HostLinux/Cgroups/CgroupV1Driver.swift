import CHost
import Glibc

/// Limits through cgroup v1, one group per controller, and a group in the v2 hierarchy beside it where there is one, for
/// `cgroup.kill`.
package struct CgroupV1Driver: CgroupDriver {
    package let unenforced: [String]
    /// Where our groups are, by controller; `unified` for the v2 hierarchy. Only those that can be used.
    let place: CgroupTree
    package var tree: CgroupTree? { place }
    var roots: [String: String] { place.roots }

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
        do throws(HostError) {
            if let mount = hierarchy.controllers["devices"] {
                usable["devices"] = try Self.prepare(mount: mount, root: root, isCpuset: false)
            } else if let unified = usable["unified"] {
                if let reason = DeviceFilter.whyNotOnVersion2() { throw reason }
                usable["devices"] = unified
            } else {
                throw .unexpected("this kernel offers no cgroup controller 'devices'")
            }
        } catch {
            sentences.append("Devices are not denied: \(error).")
        }
        if let mount = hierarchy.controllers["blkio"] {
            // Throttles are set for those who ask for them only.
            usable["blkio"] = try? Self.prepare(mount: mount, root: root, isCpuset: false)
        }
        var place = CgroupTree(version: .version1, roots: usable)
        place.limitsSwap = usable["memory"].map { HostFile.exists($0 + "/memory.memsw.limit_in_bytes") } ?? false
        if usable["memory"] != nil, !place.limitsSwap, Self.hasSwap() {
            sentences.append("Swap is not limited: this kernel does not account it (boot with swapaccount=1).")
        }
        if let cpuset = usable["cpuset"] {
            // Empty where it cannot be read, which then fails the first slice with its reason.
            place.allCPUs = (try? HostFile.readText(cpuset + "/slices/cpuset.cpus")) ?? ""
            place.allMemoryNodes = (try? HostFile.readText(cpuset + "/slices/cpuset.mems")) ?? ""
        }
        self.place = place
        unenforced = sentences
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

    package func files(of group: SliceGroup) -> SliceGroupFiles {
        var files = SliceGroupFiles()
        files.taskProcs = place.folders.map { path($0, group) + "/cgroup.procs" }
        files.shimProcs = place.folders.map { place.shim($0, group) + "/cgroup.procs" }
        if let root = roots["unified"], HostFile.exists(path(root, group) + "/cgroup.kill") {
            files.killFile = path(root, group) + "/cgroup.kill"
        }
        files.freezerFile = roots["freezer"].map { path($0, group) + "/freezer.state" }
        files.oomFile = roots["memory"].map { path($0, group) + "/memory.oom_control" }
        return files
    }

    package func groups() throws(HostError) -> [SliceGroup] { try place.groups() }

    package func processCount(_ group: SliceGroup) throws(HostError) -> Int { try place.processCount(group) }

    package func pressure(_ group: SliceGroup) -> [Pressure.Resource: Pressure] { place.pressure(group) }

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
        try place.kill(group)
        // The v1 freezer holds even SIGKILL back.
        if let root = roots["freezer"], HostFile.exists(path(root, group)) { try thaw(group) }
    }

    package func remove(_ group: SliceGroup) throws(HostError) { try place.remove(group) }

    func path(_ root: String, _ group: SliceGroup) -> String { place.slice(root, group) }

    private static func hasSwap() -> Bool {
        // Without /proc/swaps there is no swap.
        let text = (try? HostFile.readText("/proc/swaps")) ?? ""
        return text.split(separator: "\n").count > 1
    }
}
