import CHost

/// Which cgroup hierarchies this machine mounts, and where.
package struct CgroupHierarchy: Hashable, Sendable {
    /// Version 1 controllers with their mount points, such as `memory` at `/sys/fs/cgroup/memory`.
    package var controllers: [String: String]
    /// Mount point of the version 2 hierarchy, if any.
    package var unified: String?
    /// Controllers that the version 2 hierarchy offers at its root.
    package var unifiedControllers: [String]

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
        }
        return found
    }

    /// The driver for this machine. `root` is the relative name below each hierarchy under which everything is made,
    /// such as `tidemill/node-1`. Never fails: what cannot be used is told in `unenforced`.
    package func driver(root: String) -> any CgroupDriver {
        switch kind {
        case .version1, .hybrid: CgroupV1Driver(hierarchy: self, root: root)
        case .version2:
            NoCgroups(reason: "this version of Tidemill sets limits on cgroup v1 only, and this machine has v2")
        case .absent: NoCgroups(reason: "no cgroup hierarchy is mounted")
        }
    }
}
