import CHost

/// One NUMA domain of the machine: CPUs and the memory closest to them.
package struct NUMADomain: Hashable, Sendable {
    /// The kernel's number of the node; numbers may have holes.
    package var id: Int
    /// Its CPUs that are online; may be empty (memory only).
    package var cpus: CPUList
    package var memoryBytes: Int64

    package init(id: Int, cpus: CPUList, memoryBytes: Int64) {
        self.id = id
        self.cpus = cpus
        self.memoryBytes = memoryBytes
    }
}

/// Finds the NUMA domains: libnuma when the sysfs root is the real one and the library is there, else sysfs.
package struct NUMAProbe: Sendable {
    private let sysfsRoot: String
    private let procRoot: String

    package init(sysfsRoot: String = "/sys", procRoot: String = "/proc") {
        self.sysfsRoot = sysfsRoot
        self.procRoot = procRoot
    }

    /// The domains, by number. A kernel without NUMA gives one domain, 0, with all CPUs and the whole memory.
    package func domains() throws(HostError) -> [NUMADomain] {
        let online = try onlineCPUs()
        let found = (sysfsRoot == "/sys" ? fromLibrary() : nil) ?? fromSysfs()
        if let found, !found.isEmpty {
            return found.map { NUMADomain(id: $0.id, cpus: $0.cpus.intersection(online), memoryBytes: $0.memoryBytes) }
        }
        return [NUMADomain(id: 0, cpus: online, memoryBytes: try totalMemoryBytes(procRoot + "/meminfo"))]
    }

    private func onlineCPUs() throws(HostError) -> CPUList {
        let path = sysfsRoot + "/devices/system/cpu/online"
        let text = try HostFile.readText(path)
        guard let list = CPUList(parsing: text), !list.isEmpty else {
            throw .unexpected("\(path) is not a list of CPUs: '\(text)'")
        }
        return list
    }

    private func fromLibrary() -> [NUMADomain]? {
        var count: Int32 = 0
        let nodes = [tm_numa_node](unsafeUninitializedCapacity: 64) { buffer, initialized in
            count = tm_numa_nodes(buffer.baseAddress, 64)
            initialized = Int(max(0, count))
        }
        if count <= 0 { return nil }
        return nodes.compactMap { node in
            let text = withUnsafeBytes(of: node.cpus) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            guard let cpus = CPUList(parsing: text) else { return nil }
            return NUMADomain(id: Int(node.id), cpus: cpus, memoryBytes: node.memory_bytes)
        }
    }

    private func fromSysfs() -> [NUMADomain]? {
        let folder = sysfsRoot + "/devices/system/node"
        // No folder is a kernel without NUMA, not an error.
        guard let names = try? HostFile.names(in: folder) else { return nil }
        return names.compactMap { name -> NUMADomain? in
            // A node that vanishes between listing and reading is left out.
            guard name.hasPrefix("node"), let id = Int(name.dropFirst(4)),
                let text = try? HostFile.readText("\(folder)/\(name)/cpulist"), let cpus = CPUList(parsing: text),
                let memory = try? totalMemoryBytes("\(folder)/\(name)/meminfo")
            else { return nil }
            return NUMADomain(id: id, cpus: cpus, memoryBytes: memory)
        }.sorted { $0.id < $1.id }
    }

    /// The line `[Node 0 ]MemTotal: 4096 kB` of a meminfo file.
    private func totalMemoryBytes(_ path: String) throws(HostError) -> Int64 {
        let text = try HostFile.readText(path)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if let mark = words.firstIndex(of: "MemTotal:"), mark + 1 < words.count,
                let kilobytes = Int64(words[mark + 1])
            {
                return kilobytes * 1024
            }
        }
        throw .unexpected("\(path) has no MemTotal")
    }
}
