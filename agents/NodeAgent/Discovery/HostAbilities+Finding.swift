import TidemillHostLinux
import TidemillNodeCore
import TidemillSeams

extension HostAbilities {
    /// What this machine offers, by looking at it.
    package static func find(
        driver: any CgroupDriver, devices: [CPUDevice], stateFolder: String, sysfsRoot: String = "/sys",
        ioMaxBytesPerSecond: Int64? = nil, broken: Broken = .nothing, canProbe: Bool = false
    ) -> HostAbilities {
        var domains: [DeviceID: CPUDomain] = [:]
        for device in devices {
            domains[device.id] = CPUDomain(
                number: device.domain.id, cores: HostTopology.cores(of: device.domain.cpus, sysfsRoot: sysfsRoot),
                allocatableMilliCPU: device.allocatable.milliCPU)
        }
        var groups: GroupAbilities?
        if let tree = driver.tree {
            groups = GroupAbilities(
                tree, disks: ioMaxBytesPerSecond == nil ? [] : HostTopology.disks(sysfsRoot: sysfsRoot))
        }
        return HostAbilities(
            slicesFolder: SliceFolder.parent(stateFolder), groups: groups, domains: domains,
            pageBytes: HostTopology.pageBytes, ioMaxBytesPerSecond: ioMaxBytesPerSecond,
            unenforced: driver.unenforced, omitted: broken.omitted, canProbe: canProbe)
    }
}

extension GroupAbilities {
    init(_ tree: CgroupTree, disks: [String]) {
        let memory = tree.roots["memory"].map { $0 + "/slices" } ?? ""
        self.init(
            version: tree.version == .version1 ? .version1 : .version2, roots: tree.roots, allCPUs: tree.allCPUs,
            allMemoryNodes: tree.allMemoryNodes, limitsSwap: tree.limitsSwap,
            steersSwap: HostFile.exists(memory + "/memory.swappiness"),
            limitsSockets: HostFile.exists(memory + "/memory.kmem.tcp.limit_in_bytes"), endsAsGroup: tree.endsAsGroup,
            disks: disks)
    }
}
