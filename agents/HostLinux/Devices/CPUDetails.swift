/// Caches of one level and type in a NUMA domain.
package struct CPUCache: Hashable, Sendable {
    /// 1 is closest to a core.
    package var level: Int
    /// `Data`, `Instruction` or `Unified`.
    package var type: String
    /// Of each.
    package var bytes: Int64
    /// How many there are in the domain.
    package var count: Int
    /// How many CPUs share one.
    package var sharedBy: Int
}

/// What sysfs says of a NUMA domain beside its CPUs and its memory.
package struct CPUDetails: Hashable, Sendable {
    /// By level, then type.
    package var caches: [CPUCache] = []
    /// How far each domain's memory is, by the domain's number; 10 is the domain's own. Empty where the firmware does not say.
    package var distances: [Int: Int] = [:]

    package init() {}

    /// - Parameter domains: the numbers of all domains, in ascending order: the order of the firmware's table.
    package init(of domain: NUMADomain, among domains: [Int], sysfsRoot: String) {
        var found: [Key: Set<String>] = [:]
        var seen: [Key: Set<Int>] = [:]
        for cpu in domain.cpus.numbers {
            let folder = "\(sysfsRoot)/devices/system/cpu/cpu\(cpu)/cache"
            for index in 0..<8 {
                guard let key = Key("\(folder)/index\(index)") else { break }
                // A cache that another of its CPUs has shown is known.
                if seen[key]?.contains(cpu) == true { continue }
                let text = Self.text("\(folder)/index\(index)/shared_cpu_list") ?? "\(cpu)"
                guard let shared = CPUList(parsing: text) else { continue }
                found[key, default: []].insert(shared.description)
                seen[key, default: []].formUnion(shared.numbers)
            }
        }
        caches = found.sorted { $0.key < $1.key }.map { key, lists in
            let most = lists.compactMap { CPUList(parsing: $0)?.count }.max() ?? 1
            return CPUCache(level: key.level, type: key.type, bytes: key.bytes, count: lists.count, sharedBy: most)
        }
        let row = Self.text("\(sysfsRoot)/devices/system/node/node\(domain.id)/distance") ?? ""
        let numbers = row.split(separator: " ").map { Int($0) }
        if numbers.count == domains.count {
            for (other, distance) in zip(domains, numbers) {
                if let distance, (0...255).contains(distance) { distances[other] = distance }
            }
        }
    }

    /// Of all domains, by their numbers.
    package static func all(of domains: [NUMADomain], sysfsRoot: String) -> [Int: CPUDetails] {
        let numbers = domains.map(\.id).sorted()
        return Dictionary(
            domains.map { ($0.id, CPUDetails(of: $0, among: numbers, sysfsRoot: sysfsRoot)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// What makes caches equal.
    private struct Key: Hashable, Comparable {
        var level: Int
        var type: String
        var bytes: Int64

        init?(_ folder: String) {
            guard let level = CPUDetails.text(folder + "/level").flatMap({ Int($0) }), (1...8).contains(level),
                let type = CPUDetails.text(folder + "/type"),
                let bytes = CPUDetails.text(folder + "/size").flatMap(CPUDetails.size)
            else { return nil }
            (self.level, self.type, self.bytes) = (level, type, bytes)
        }

        static func < (a: Key, b: Key) -> Bool { (a.level, a.type, a.bytes) < (b.level, b.type, b.bytes) }
    }

    /// `48K`, `32M`.
    private static func size(_ text: String) -> Int64? {
        let unit: Int64 = text.hasSuffix("K") ? 1 << 10 : text.hasSuffix("M") ? 1 << 20 : 1
        return Int64(unit == 1 ? text[...] : text.dropLast()).flatMap { $0 > 0 && $0 < 1 << 40 ? $0 * unit : nil }
    }

    /// Nil for a file that is not there: kernels and machines differ in what they tell.
    private static func text(_ path: String) -> String? {
        // Nothing is made of what cannot be read.
        try? HostFile.readText(path)
    }
}
