import Foundation

/// A whole machine that is not there: a manifest, unpacked into folders `sys`, `proc` and `dev` as Linux would show them.
///
/// The statements of a manifest are explained in `Manifests/README.md`.
package struct Machine {
    package let name: String
    /// What it is, in a sentence.
    package private(set) var about = ""
    private var cpuModel = "Stub CPU"
    private var domains: [Domain] = []
    private var caches: [Cache] = []
    private var threads = 1
    private var functions: [Function] = []
    private var children: [Child] = []
    private var nodes: [(name: String, numbers: String)] = []
    private var files: [(path: String, text: String)] = []
    private var links: [(path: String, target: String)] = []
    private var broken: [(path: String, kind: String)] = []

    private struct Domain {
        var id: Int
        var cpus: [Int]
        var list: String
        var kilobytes: Int64
        var distances: String
    }

    private struct Cache {
        var level: String
        var type: String
        var size: String
        var each: Int
    }

    private struct Function {
        var address: String
        var ids: (vendor: String, device: String)
        var words: [String: [String]] = [:]
    }

    private struct Child {
        var address: String
        var subsystem: String
        var name: String
        var numbers: String
        var node: String
    }

    /// Where the manifests are.
    package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Manifests")

    /// The names of all manifests, sorted.
    package static var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".machine") }
                .map { String($0.dropLast(".machine".count)) }.sorted()
        }
    }

    package init(named name: String) throws {
        let url = Self.folder.appendingPathComponent(name + ".machine")
        try self.init(name: name, parsing: String(contentsOf: url, encoding: .utf8))
    }

    package init(name: String, parsing text: String) throws {
        self.name = name
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            do {
                try read(String(line))
            } catch let error as MachineError {
                throw MachineError("\(name).machine, line \(index + 1): \(error.message)")
            }
        }
    }

    // MARK: Reading

    private mutating func read(_ line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        func word(_ index: Int) throws -> String {
            guard index < words.count else { throw MachineError("'\(line)' is too short") }
            return words[index]
        }
        func rest(_ index: Int) -> String {
            line.split(separator: " ", maxSplits: index, omittingEmptySubsequences: true).dropFirst(index).first
                .map(String.init) ?? ""
        }
        switch try word(0) {
        case "about": about = rest(1)
        case "cpuinfo": cpuModel = rest(1)
        case "threads": threads = Int(try word(1)) ?? 1
        case "numa":
            let options = Self.options(words, from: 2)
            let list = options["cpus"]?.first ?? ""
            domains.append(
                Domain(
                    id: Int(try word(1)) ?? 0, cpus: Self.numbers(list), list: list == "-" ? "" : list,
                    kilobytes: Int64(options["memory"]?.first ?? "") ?? 0,
                    distances: (options["distances"]?.first ?? "10").replacingOccurrences(of: ",", with: " ")))
        case "cache":
            caches.append(
                Cache(level: try word(1), type: try word(2), size: try word(3), each: Int(try word(5)) ?? 1))
        case "bridge", "pci":
            let ids = try word(2).split(separator: ":").map(String.init)
            guard ids.count == 2 else { throw MachineError("'\(try word(2))' is no VENDOR:DEVICE") }
            var function = Function(address: try word(1), ids: (ids[0], ids[1]), words: Self.options(words, from: 3))
            if words[0] == "bridge" { function.words["class"] = ["0x060400"] }
            functions.append(function)
        case "child":
            children.append(
                Child(
                    address: try word(1), subsystem: try word(2), name: try word(3), numbers: try word(4),
                    node: try word(5)))
        case "node": nodes.append((try word(1), try word(2)))
        case "file": files.append((try word(1), rest(2).replacingOccurrences(of: "\\n", with: "\n")))
        case "link": links.append((try word(1), try word(2)))
        case "broken": broken.append((try word(1), try word(2)))
        case let other: throw MachineError("'\(other)' is no statement")
        }
    }

    /// Words that are keys take what follows them up to the next key.
    private static func options(_ words: [String], from start: Int) -> [String: [String]] {
        let keys: Set<String> = [
            "cpus", "memory", "distances", "sub", "class", "rev", "node", "link", "iommu", "driver", "behind", "vf-of",
            "sriov",
        ]
        var options: [String: [String]] = [:]
        var key = ""
        for word in words.dropFirst(start) {
            if keys.contains(word) {
                key = word
                options[key] = []
            } else {
                options[key, default: []].append(word)
            }
        }
        return options
    }

    private static func numbers(_ list: String) -> [Int] {
        list.split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }

    private static func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }

    // MARK: Unpacking

    /// Writes the machine below `root`, which should be empty.
    ///
    /// - Parameter withCPUs: false takes the CPUs of the machine that is here, for an agent that really runs.
    package func unpack(at root: URL, withCPUs: Bool = true) throws {
        let tree = MachineTree(root: root)
        try tree.folder("sys")
        try tree.folder("proc")
        try tree.folder("dev")
        if withCPUs { try unpackCPUs(tree) } else { try tree.link("sys/devices/system", "/sys/devices/system") }
        for function in functions { try unpack(function, tree) }
        for child in children {
            let folder = "\(path(of: child.address))/\(child.subsystem)/\(child.name)"
            try tree.file("\(folder)/dev", child.numbers + "\n")
            let numbers = child.numbers.split(separator: ":")
            try tree.file(
                "\(folder)/uevent",
                "MAJOR=\(numbers.first ?? "0")\nMINOR=\(numbers.last ?? "0")\nDEVNAME=\(child.node)\n")
            try tree.link("sys/class/\(child.subsystem)/\(child.name)", "../../../\(folder)")
            try tree.node("dev/\(child.node)", child.numbers)
        }
        for node in nodes { try tree.node("dev/\(node.name)", node.numbers) }
        for file in files { try tree.file(file.path, file.text) }
        for link in links { try tree.link(link.path, link.target) }
        for fault in broken { try tree.harm(fault.path, fault.kind) }
    }

    private func unpackCPUs(_ tree: MachineTree) throws {
        let all = domains.flatMap(\.cpus).sorted()
        let blocks = all.map { "processor\t: \($0)\nmodel name\t: \(cpuModel)\n" }
        try tree.file("proc/cpuinfo", blocks.joined(separator: "\n"))
        let total = domains.reduce(0) { $0 + $1.kilobytes }
        try tree.file("proc/meminfo", "MemTotal:       \(total) kB\n")
        try tree.file("sys/devices/system/cpu/online", Self.list(all) + "\n")
        for domain in domains {
            let folder = "sys/devices/system/node/node\(domain.id)"
            try tree.file("\(folder)/cpulist", domain.list + "\n")
            try tree.file("\(folder)/meminfo", "Node \(domain.id) MemTotal:       \(domain.kilobytes) kB\n")
            try tree.file("\(folder)/distance", domain.distances + "\n")
            for cpu in domain.cpus { try tree.folder("\(folder)/cpu\(cpu)") }
        }
        let half = all.count / 2
        for (place, cpu) in all.enumerated() {
            let folder = "sys/devices/system/cpu/cpu\(cpu)"
            let siblings = threads == 2 ? [all[place % half], all[place % half + half]] : [cpu]
            try tree.file("\(folder)/topology/thread_siblings_list", Self.list(siblings) + "\n")
            for (index, cache) in caches.enumerated() {
                let first = place / cache.each * cache.each
                let shared = cache.each == threads ? siblings : Array(all[first..<min(first + cache.each, all.count)])
                let file = "\(folder)/cache/index\(index)"
                try tree.file("\(file)/level", cache.level + "\n")
                try tree.file("\(file)/type", cache.type + "\n")
                try tree.file("\(file)/size", cache.size + "\n")
                try tree.file("\(file)/shared_cpu_list", Self.list(shared) + "\n")
            }
        }
    }

    /// The folder of a function, as deep as what it hangs behind.
    private func path(of address: String) -> String {
        var parts: [String] = []
        var next: String? = address
        while let current = next, parts.count < 32 {
            parts.insert(current, at: 0)
            next = functions.first { $0.address == current }?.words["behind"]?.first
        }
        let root = parts[0].split(separator: ":").prefix(2).joined(separator: ":")
        return "sys/devices/pci\(root)/" + parts.joined(separator: "/")
    }

    private func unpack(_ function: Function, _ tree: MachineTree) throws {
        let folder = path(of: function.address)
        func word(_ key: String, _ index: Int = 0) -> String? {
            function.words[key].flatMap { index < $0.count ? $0[index] : nil }
        }
        try tree.file("\(folder)/vendor", "0x\(function.ids.vendor)\n")
        try tree.file("\(folder)/device", "0x\(function.ids.device)\n")
        try tree.file("\(folder)/class", (word("class") ?? "0xffffff") + "\n")
        try tree.file("\(folder)/revision", "0x\(word("rev") ?? "00")\n")
        let sub = word("sub")?.split(separator: ":").map(String.init) ?? ["0000", "0000"]
        try tree.file("\(folder)/subsystem_vendor", "0x\(sub[0])\n")
        try tree.file("\(folder)/subsystem_device", "0x\(sub[1])\n")
        try tree.file("\(folder)/numa_node", (word("node") ?? "-1") + "\n")
        try tree.file("\(folder)/local_cpulist", (word("cpus") ?? Self.list(domains.flatMap(\.cpus).sorted())) + "\n")
        if let speeds = word("link")?.split(separator: "/"), let widths = word("link", 1)?.split(separator: "/") {
            try tree.file("\(folder)/current_link_speed", "\(speeds[0]) GT/s PCIe\n")
            try tree.file("\(folder)/max_link_speed", "\(speeds[speeds.count - 1]) GT/s PCIe\n")
            try tree.file("\(folder)/current_link_width", widths[0].drop { $0 == "x" } + "\n")
            try tree.file("\(folder)/max_link_width", widths[widths.count - 1].drop { $0 == "x" } + "\n")
        }
        if let group = word("iommu") {
            try tree.folder("sys/kernel/iommu_groups/\(group)")
            try tree.link("\(folder)/iommu_group", tree.up(folder) + "kernel/iommu_groups/\(group)")
        }
        if let driver = word("driver") {
            try tree.folder("sys/bus/pci/drivers/\(driver)")
            try tree.link("\(folder)/driver", tree.up(folder) + "bus/pci/drivers/\(driver)")
        }
        if let counts = word("sriov")?.split(separator: "/") {
            try tree.file("\(folder)/sriov_totalvfs", counts[0] + "\n")
            try tree.file("\(folder)/sriov_numvfs", counts[counts.count - 1] + "\n")
        }
        if let whole = word("vf-of") { try tree.link("\(folder)/physfn", "../\(whole)") }
        try tree.link("sys/bus/pci/devices/\(function.address)", "../../../" + folder.dropFirst("sys/".count))
    }
}

/// Why a manifest cannot be unpacked.
package struct MachineError: Error, CustomStringConvertible {
    package let message: String

    init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
