import Glibc

/// Facts of the machine that plans for slices are made from.
package enum HostTopology {
    /// In what unit the kernel counts memory.
    package static var pageBytes: Int64 { Int64(max(1, sysconf(Int32(_SC_PAGESIZE)))) }

    /// CPUs that are online.
    package static var cpuCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// The CPUs of each core, for these CPUs: one where the kernel does not say which threads belong together.
    package static func cores(of cpus: CPUList, sysfsRoot: String = "/sys") -> [[Int]] {
        var cores: [[Int]] = []
        var seen: Set<Int> = []
        for cpu in cpus.numbers where !seen.contains(cpu) {
            let path = "\(sysfsRoot)/devices/system/cpu/cpu\(cpu)/topology/thread_siblings_list"
            // A kernel that says nothing of it knows of no threads.
            let siblings = (try? HostFile.readText(path)).flatMap(CPUList.init(parsing:)) ?? CPUList([cpu])
            let core = siblings.intersection(cpus).numbers
            cores.append(core.contains(cpu) ? core : [cpu])
            seen.formUnion(cores[cores.count - 1])
        }
        return cores
    }

    /// Disks by `MAJOR:MINOR`; those that live in memory or stand on others are none.
    package static func disks(sysfsRoot: String = "/sys") -> [String] {
        // A machine without block devices has no such folder.
        let names = (try? HostFile.names(in: "\(sysfsRoot)/block")) ?? []
        let virtual = ["loop", "ram", "zram", "dm-", "md"]
        return names.filter { name in !virtual.contains { name.hasPrefix($0) } }.compactMap { name in
            // One that is taken out meanwhile is none.
            try? HostFile.readText("\(sysfsRoot)/block/\(name)/dev")
        }
    }
}

/// The process that runs this.
package enum OwnProcess {
    package static var pid: Int32 { getpid() }
    package static var isRoot: Bool { geteuid() == 0 }

    /// SIGKILL to itself: as sudden as any end. For tests that look what an agent leaves behind.
    package static func kill() -> Never {
        Glibc.kill(getpid(), SIGKILL)
        abort()
    }
}
