import Foundation

/// What an agent leaves when it is gone: shims that go on on purpose, and cgroups. Ends and removes those of one home.
struct Leftovers {
    let agent: AgentHome

    /// Shims whose specification lies below the agent's folder, and the inits of their tasks, which are the same program.
    func shims() -> [ProcessIdentity] {
        // /proc is always there.
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { pid in
            // A process that is gone by now has neither.
            guard let exe = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe"),
                let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
            else { return false }
            let program = exe.hasSuffix(" (deleted)") ? String(exe.dropLast(10)) : exe
            guard (program as NSString).lastPathComponent == "tidemill-shim" else { return false }
            return line.split(separator: 0).contains { String(decoding: $0, as: UTF8.self).contains(agent.path + "/") }
        }.compactMap { ProcessIdentity(pid: $0) }
    }

    /// The agent's root in each hierarchy that is mounted where systems mount them.
    func groups() -> [String] {
        // No such folder: no cgroups here.
        let hierarchies = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? []
        let candidates = ["/sys/fs/cgroup"] + hierarchies.map { "/sys/fs/cgroup/\($0)" }
        var seen: Set<String> = []
        return candidates.map { "\($0)/\(agent.cgroupRoot)" }.filter { path in
            guard FileManager.default.fileExists(atPath: path), let real = realpath(path, nil) else { return false }
            defer { free(real) }
            return seen.insert(String(cString: real)).inserted
        }
    }

    /// Ends every shim and every process of the agent's groups, and removes the groups.
    ///
    /// - Returns: how many tasks ran, and the groups that could not be removed.
    func end() async -> (tasks: Int, remaining: [String]) {
        let shims = shims()
        let pids = Set(shims.map(\.pid))
        let tasks = shims.count { shim in shim.parent.map { !pids.contains($0) } ?? true }
        for shim in shims { shim.signal(SIGKILL) }
        let groups = groups()
        for _ in 0..<100 {
            let pids = groups.flatMap { processes(below: $0) }
            if pids.isEmpty && !shims.contains(where: \.isRunning) { break }
            for group in groups { thaw(below: group) }
            for pid in pids { kill(pid, SIGKILL) }
            // Cancelled or not, what was asked to end is waited for.
            if (try? await Task.sleep(for: .milliseconds(50))) == nil { usleep(50_000) }
        }
        for group in groups { remove(group) }
        removeEmptyParents(groups)
        return (tasks, groups.filter { FileManager.default.fileExists(atPath: $0) })
    }

    private func folders(below root: String) -> [String] {
        var folders = [root]
        let inside = FileManager.default.enumerator(atPath: root)
        while let path = inside?.nextObject() as? String {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder), isFolder.boolValue {
                folders.append("\(root)/\(path)")
            }
        }
        return folders
    }

    private func processes(below root: String) -> [Int32] {
        folders(below: root).flatMap { folder -> [Int32] in
            // A group that is gone has no processes.
            let text = (try? String(contentsOfFile: "\(folder)/cgroup.procs", encoding: .utf8)) ?? ""
            return text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 }
        }
    }

    /// A frozen process does not die on v1.
    private func thaw(below root: String) {
        for folder in folders(below: root) {
            let file = "\(folder)/freezer.state"
            if FileManager.default.fileExists(atPath: file) {
                // One that cannot be thawed shows in the groups that remain.
                try? "THAWED".write(toFile: file, atomically: false, encoding: .utf8)
            }
        }
    }

    private func remove(_ root: String) {
        for folder in folders(below: root).sorted(by: { $0.count > $1.count }) { rmdir(folder) }
    }

    /// Removes the `tidemill` groups above, where this was the last one; rmdir refuses any that is in use.
    private func removeEmptyParents(_ groups: [String]) {
        for group in groups { rmdir((group as NSString).deletingLastPathComponent) }
    }
}
