import CHost

/// Which cgroup hierarchies this machine mounts, and where.
package struct CgroupHierarchy: Hashable, Sendable {
    /// Version 1 controllers with their mount points, such as `memory` at `/sys/fs/cgroup/memory`.
    package var controllers: [String: String]
    /// Mount point of the version 2 hierarchy, if any.
    package var unified: String?
    /// Controllers that the version 2 hierarchy offers at its root.
    package var unifiedControllers: [String]
    /// This process's group in the version 2 hierarchy, `/` for its root.
    package var own = "/"

    package enum Kind: String, Hashable, Sendable {
        case version1 = "v1"
        case version2 = "v2"
        /// Version 1 controllers, and a version 2 hierarchy beside them.
        case hybrid
        case absent
    }

    package var kind: Kind {
        switch (controllers.isEmpty, unified) {
        case (true, nil): .absent
        case (true, _?): .version2
        case (false, nil): .version1
        case (false, _?): .hybrid
        }
    }

    package init(controllers: [String: String], unified: String?, unifiedControllers: [String]) {
        self.controllers = controllers
        self.unified = unified
        self.unifiedControllers = unifiedControllers
    }

    /// Reads the mounts of this process.
    package static func detect(procRoot: String = "/proc") throws(HostError) -> CgroupHierarchy {
        let text = String(decoding: try HostFile.read(procRoot + "/self/mounts"), as: UTF8.self)
        var found = CgroupHierarchy(controllers: [:], unified: nil, unifiedControllers: [])
        let known: Set = ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "hugetlb"]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 3 else { continue }
            if words[2] == "cgroup2", found.unified == nil { found.unified = words[1] }
            if words[2] == "cgroup" {
                // The first mount counts; others are views of the same hierarchy.
                for option in words[3].split(separator: ",").map(String.init) where known.contains(option) {
                    found.controllers[option] = found.controllers[option] ?? words[1]
                }
            }
        }
        if let unified = found.unified {
            // A hierarchy that may not be read offers nothing.
            let offered = (try? HostFile.readText(unified + "/cgroup.controllers")) ?? ""
            found.unifiedControllers = offered.split(separator: " ").map(String.init)
            // Where it is not told, as in tests, this process counts as sitting at the top.
            let groups = (try? HostFile.readText(procRoot + "/self/cgroup")) ?? ""
            for line in groups.split(separator: "\n") where line.hasPrefix("0::/") {
                found.own = String(line.dropFirst(3))
            }
        }
        return found
    }

    /// The driver for this machine. `root` is the relative name below each hierarchy under which everything is made,
    /// such as `tidemill/node-1`, or, with a leading slash, a group that was left to Tidemill (`CgroupDelegation`). Never
    /// fails: what cannot be used is told in `unenforced`.
    package func driver(root: String) -> any CgroupDriver {
        switch (kind, unified) {
        case (.version2, let mount?):
            do throws(HostError) {
                return try CgroupV2Driver(delegation: delegation(mount: mount, root: root))
            } catch {
                return NoCgroups(reason: "\(error)")
            }
        case (.absent, _), (.version2, nil):
            return NoCgroups(reason: "no cgroup hierarchy is mounted")
        case (.version1, _), (.hybrid, _):
            return CgroupV1Driver(hierarchy: self, root: root.hasPrefix("/") ? root + "/tidemill" : root)
        }
    }

    private func delegation(mount: String, root: String) throws(HostError) -> CgroupDelegation {
        try CgroupDelegation(
            mount: mount, own: own, root: root,
            // All groups but the hierarchy's root have a type.
            isTop: !HostFile.exists(mount + "/cgroup.type"), isLeft: { tm_is_delegated($0) == 1 })
    }
}
