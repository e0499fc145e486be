/// Where a driver makes groups, and what it offers there: all that a plan for a slice needs to know of it.
///
/// A group of a slice is `FOLDER/slices/UID.EPOCH`, its shim's `FOLDER/shims/UID.EPOCH`, in each distinct folder of `roots`.
package struct CgroupTree: Hashable, Sendable {
    package enum Version: Hashable, Sendable {
        case version1, version2
    }

    package var version: Version
    /// Folders by controller; `unified` is the one of the version 2 hierarchy. Only those that can be used. In version 2
    /// every controller that is delegated to us names the same folder. `devices` is where a filter can be put, which on a
    /// machine of both versions may be the `unified` one.
    package var roots: [String: String]
    /// The CPUs and memory nodes that the whole tree may use, as lists; empty where nothing binds them.
    package var allCPUs = ""
    package var allMemoryNodes = ""
    /// Whether swap has a limit of its own.
    package var limitsSwap = false
    /// Whether the kernel ends a whole group when it is out of memory.
    package var endsAsGroup = false

    /// Whether devices can be denied there.
    package var filtersDevices: Bool { roots["devices"] != nil }

    package init(version: Version, roots: [String: String]) {
        self.version = version
        self.roots = roots
    }

    /// Each folder once: two controllers may share a hierarchy (cpu,cpuacct).
    package var folders: [String] { Set(roots.values).sorted() }

    package func slice(_ folder: String, _ group: SliceGroup) -> String { "\(folder)/slices/\(group.name)" }
    package func shim(_ folder: String, _ group: SliceGroup) -> String { "\(folder)/shims/\(group.name)" }

    /// Whether `path` is a group of ours, of a slice or a shim, or something in one. Nothing else is ever touched.
    package func owns(_ path: String) -> Bool {
        for folder in folders {
            for kind in ["slices", "shims"] where path.hasPrefix("\(folder)/\(kind)/") {
                let parts = path.dropFirst(folder.utf8.count + kind.utf8.count + 2)
                    .split(separator: "/", omittingEmptySubsequences: false)
                let isPlain = parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
                if isPlain, let name = parts.first, SliceGroup(name: String(name))?.isSafe == true { return true }
            }
        }
        return false
    }
}
