import TidemillModel
import TidemillSeams

/// What a machine offers to hold slices to their limits. Found once, at the agent's start; plans are made from it.
package struct HostAbilities: Hashable, Sendable {
    /// Below it each grant has a folder for its files.
    package var slicesFolder: String
    /// Where cgroups are made; nil where none can be.
    package var groups: GroupAbilities?
    /// The NUMA domains, as the devices from which slices draw.
    package var domains: [DeviceID: CPUDomain]
    /// Least size in which the kernel counts memory.
    package var pageBytes: Int64
    /// Bytes a second that a slice may read, and write, on each disk; nil bounds nothing.
    package var ioMaxBytesPerSecond: Int64?
    /// What cannot be enforced here, a sentence each.
    package var unenforced: [String]
    /// Mechanisms that a test wants to do without. Empty in a release build.
    package var omitted: Set<String>
    /// Whether a canary tries each slice before it counts as prepared.
    package var canProbe: Bool

    package init(
        slicesFolder: String, groups: GroupAbilities?, domains: [DeviceID: CPUDomain], pageBytes: Int64 = 4096,
        ioMaxBytesPerSecond: Int64? = nil, unenforced: [String] = [], omitted: Set<String> = [], canProbe: Bool = false
    ) {
        self.slicesFolder = slicesFolder
        self.groups = groups
        self.domains = domains
        self.pageBytes = pageBytes
        self.ioMaxBytesPerSecond = ioMaxBytesPerSecond
        self.unenforced = unenforced
        self.omitted = omitted
        self.canProbe = canProbe
    }
}

extension HostAbilities {
    /// Whether slices can be bound to CPUs.
    package var bindsCPUs: Bool { groups?.roots["cpuset"] != nil && !omitted.contains("cpuset") }

    /// Why disks are not throttled although that is asked for; empty when they are.
    var unthrottled: [String] {
        guard ioMaxBytesPerSecond != nil else { return [] }
        if groups?.roots["blkio"] == nil, groups?.roots["io"] == nil {
            return ["Disks are not throttled: no cgroup controller for them can be used here."]
        }
        return groups?.disks.isEmpty ?? true ? ["Disks are not throttled: none was found."] : []
    }
}

/// What the cgroup hierarchies offer.
package struct GroupAbilities: Hashable, Sendable {
    package enum Version: Hashable, Sendable {
        case version1, version2
    }

    package var version: Version
    /// Folders by controller, `unified` for the hierarchy of version 2. In version 2 every usable controller names the
    /// same folder. `devices` is where a filter can be put: of version 1, or the `unified` one.
    package var roots: [String: String]
    /// All CPUs and memory nodes below the root, as lists: what shims may use.
    package var allCPUs: String
    package var allMemoryNodes: String
    /// Whether swap has a limit of its own.
    package var limitsSwap: Bool
    /// Whether a group can be told not to swap (version 1).
    package var steersSwap: Bool
    /// Whether sockets' buffers have a limit of their own (version 1); without it they are no memory of the group there.
    package var limitsSockets: Bool
    /// Whether the kernel ends a whole group when it is out of memory.
    package var endsAsGroup: Bool
    /// Disks by `MAJOR:MINOR`, for throttles.
    package var disks: [String]

    package init(
        version: Version, roots: [String: String], allCPUs: String = "", allMemoryNodes: String = "",
        limitsSwap: Bool = false, steersSwap: Bool = false, limitsSockets: Bool = false, endsAsGroup: Bool = false,
        disks: [String] = []
    ) {
        self.version = version
        self.roots = roots
        self.allCPUs = allCPUs
        self.allMemoryNodes = allMemoryNodes
        self.limitsSwap = limitsSwap
        self.steersSwap = steersSwap
        self.limitsSockets = limitsSockets
        self.endsAsGroup = endsAsGroup
        self.disks = disks
    }

    /// Each folder once, in a fixed order.
    var folders: [String] { Set(roots.values).sorted() }
}

/// A NUMA domain, as a device from which slices draw CPUs and memory.
package struct CPUDomain: Hashable, Sendable {
    /// The kernel's number of the node.
    package var number: Int
    /// The CPUs of each core: one, or as many as it has threads.
    package var cores: [[Int]]
    package var allocatableMilliCPU: Int64

    package init(number: Int, cores: [[Int]], allocatableMilliCPU: Int64) {
        self.number = number
        self.cores = cores
        self.allocatableMilliCPU = allocatableMilliCPU
    }

    package var cpus: Set<Int> { Set(cores.joined()) }
}
