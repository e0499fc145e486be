import CHost
import Glibc
import TidemillSeams

/// Limits through cgroup v2: one group for a slice, with all controllers that were handed down to us.
package struct CgroupV2Driver: CgroupDriver {
    package let unenforced: [String]
    let place: CgroupTree
    package var tree: CgroupTree? { place }
    /// The one folder of our tree.
    let root: String

    /// Controllers that limits need, and what is lost without one.
    private static let wanted: [(controller: String, loss: String)] = [
        ("cpu", "CPU quotas are not enforced"), ("cpuset", "slices are not bound to CPUs and NUMA domains"),
        ("memory", "memory limits are not enforced"), ("pids", "numbers of processes are not limited"),
    ]

    /// Makes our tree and hands controllers down to it; throws when no group can be made at all.
    package init(delegation: CgroupDelegation) throws(HostError) {
        if delegation.mustLeave {
            try HostFile.makeFolder(delegation.leaf)
            try HostFile.write("0", to: delegation.leaf + "/cgroup.procs")
        }
        let root = delegation.root
        var reasons: [String: HostError] = [:]
        for folder in [delegation.base] + delegation.folders + [root + "/slices"] {
            try HostFile.makeFolder(folder)
            try Self.handDown(folder, &reasons)
        }
        try HostFile.makeFolder(root + "/shims")
        guard access(root + "/slices", W_OK) == 0 else {
            throw .failed("write to", path: root + "/slices", errno: errno)
        }
        let given = Set(try Self.words(root + "/slices/cgroup.subtree_control"))
        var sentences: [String] = []
        for (controller, loss) in Self.wanted where !given.contains(controller) {
            let reason =
                reasons[controller].map(\.description) ?? "\(delegation.base) has no controller '\(controller)'"
            sentences.append("\(loss): \(reason).")
        }
        var roots = ["unified": root]
        for controller in Self.wanted.map(\.controller) + ["io"] where given.contains(controller) {
            roots[controller] = root
        }
        if let reason = DeviceFilter.whyNotOnVersion2() {
            sentences.append("Devices are not denied: \(reason).")
        } else {
            roots["devices"] = root
        }
        var place = CgroupTree(version: .version2, roots: roots)
        place.limitsSwap = HostFile.exists(root + "/slices/memory.swap.max")
        place.endsAsGroup = HostFile.exists(root + "/slices/memory.oom.group")
        if given.contains("cpuset") {
            place.allCPUs = try HostFile.readText(root + "/slices/cpuset.cpus.effective")
            place.allMemoryNodes = try HostFile.readText(root + "/slices/cpuset.mems.effective")
        }
        self.root = root
        self.place = place
        unenforced = sentences
    }

    /// Lets groups below `folder` have the controllers that it has; one that is refused does not keep the others back.
    private static func handDown(_ folder: String, _ reasons: inout [String: HostError]) throws(HostError) {
        let missing = Set(try words(folder + "/cgroup.controllers"))
            .subtracting(try words(folder + "/cgroup.subtree_control"))
        for controller in wanted.map(\.controller) + ["io"] where missing.contains(controller) {
            do throws(HostError) {
                try HostFile.write("+\(controller)", to: folder + "/cgroup.subtree_control")
            } catch {
                reasons[controller] = error
            }
        }
    }

    private static func words(_ path: String) throws(HostError) -> [String] {
        try HostFile.readText(path).split(separator: " ").map(String.init)
    }

    package func files(of group: SliceGroup) -> SliceGroupFiles {
        let slice = place.slice(root, group)
        var files = SliceGroupFiles()
        files.taskProcs = [slice + "/cgroup.procs"]
        files.shimProcs = [place.shim(root, group) + "/cgroup.procs"]
        files.killFile = HostFile.exists(slice + "/cgroup.kill") ? slice + "/cgroup.kill" : nil
        files.freezerFile = slice + "/cgroup.freeze"
        files.oomFile = place.roots["memory"] == nil ? nil : slice + "/memory.events"
        return files
    }

    package func groups() throws(HostError) -> [SliceGroup] { try place.groups() }

    package func processCount(_ group: SliceGroup) throws(HostError) -> Int { try place.processCount(group) }

    package func pressure(_ group: SliceGroup) -> [Pressure.Resource: Pressure] { place.pressure(group) }

    package func freeze(_ group: SliceGroup) throws(HostError) {
        try HostFile.write("1", to: place.slice(root, group) + "/cgroup.freeze")
    }

    package func thaw(_ group: SliceGroup) throws(HostError) {
        try HostFile.write("0", to: place.slice(root, group) + "/cgroup.freeze")
    }

    package func isFrozen(_ group: SliceGroup) throws(HostError) -> Bool {
        try field("frozen", of: "cgroup.events", group) == 1
    }

    package func kill(_ group: SliceGroup) throws(HostError) { try place.kill(group) }

    package func remove(_ group: SliceGroup) throws(HostError) { try place.remove(group) }

    package func oomKills(_ group: SliceGroup) throws(HostError) -> Int64 {
        place.roots["memory"] == nil ? 0 : try field("oom_kill", of: "memory.events", group) ?? 0
    }

    package func cpuNanoseconds(_ group: SliceGroup) throws(HostError) -> Int64? {
        try field("usage_usec", of: "cpu.stat", group).map { $0 * 1000 }
    }

    package func memoryBytes(_ group: SliceGroup) throws(HostError) -> Int64? {
        guard place.roots["memory"] != nil else { return nil }
        return Int64(try HostFile.readText(place.slice(root, group) + "/memory.current"))
    }

    /// The number after a word in one of the slice's files of the form `word number`.
    private func field(_ word: String, of file: String, _ group: SliceGroup) throws(HostError) -> Int64? {
        let path = "\(place.slice(root, group))/\(file)"
        for line in try HostFile.readText(path).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == word { return Int64(words[1]) }
        }
        return nil
    }
}
