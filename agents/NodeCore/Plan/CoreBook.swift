import TidemillModel
import TidemillSeams

/// Which cores are given away whole, and which are shared. Pure, and made anew from what is held.
///
/// 1. A core that was given whole is nobody else's: neither another slice's nor part of what is shared.
/// 2. What is shared of a domain is never empty, and never less than what is promised of it.
package struct CoreBook: Hashable, Sendable {
    private let domains: [DeviceID: CPUDomain]
    /// CPUs of cores that were given whole.
    private var given: Set<Int> = []
    /// CPU time promised of what is shared, by domain, in thousandths.
    private var promised: [DeviceID: Int64] = [:]

    package init(domains: [DeviceID: CPUDomain], held: some Sequence<HeldSlice> = []) {
        self.domains = domains
        for slice in held { adopt(slice) }
    }

    private mutating func adopt(_ slice: HeldSlice) {
        if case .released = slice.phase { return }
        if let cut = slice.plan?.cut, cut.isWhole {
            given.formUnion(cut.cpus)
            return
        }
        for part in parts(of: slice.grant) { promised[part.device, default: 0] += part.milliCPU ?? 0 }
    }

    /// CPUs of a domain that are not given away whole.
    package func shared(_ device: DeviceID) -> [Int] {
        domains[device].map { $0.cpus.subtracting(given).sorted() } ?? []
    }

    /// What a new grant gets: whole cores of its domains where its share of each is a whole number of CPUs that cores add up
    /// to, and as many are free; else its part of what is shared. Shares of one grant add up; a share that names only a
    /// fraction of a domain's compute gets that fraction of its allocatable CPUs, rounded down, at least a thousandth of one.
    package func cut(_ grant: SliceGrant, mayBeWhole: Bool = true) -> SliceCut {
        let parts = parts(of: grant)
        var cut = SliceCut(memoryNodes: Set(parts.compactMap { domains[$0.device]?.number }).sorted())
        for share in grant.shares where domains[share.device] != nil {
            if let bytes = share.memoryBytes { cut.memoryBytes = (cut.memoryBytes ?? 0) + bytes }
        }
        if mayBeWhole, let whole = wholeCores(parts) {
            cut.cpus = whole
            cut.isWhole = true
            return cut
        }
        cut.cpus = sharedCPUs(of: grant)
        for part in parts {
            if let amount = part.milliCPU { cut.quotaMilliCPU = (cut.quotaMilliCPU ?? 0) + amount }
        }
        return cut
    }

    /// The CPUs on which a grant without cores of its own may run now.
    package func sharedCPUs(of grant: SliceGrant) -> [Int] {
        Set(grant.shares.flatMap { shared($0.device) }).sorted()
    }

    // MARK: Parts

    /// What a grant asks of each domain; nil CPUs where it names none.
    private func parts(of grant: SliceGrant) -> [(device: DeviceID, milliCPU: Int64?)] {
        var order: [DeviceID] = []
        var amounts: [DeviceID: Int64] = [:]
        for share in grant.shares {
            guard let domain = domains[share.device] else { continue }
            if !order.contains(share.device) { order.append(share.device) }
            let amount = share.milliCPU ?? share.compute.map { Self.part($0, of: domain.allocatableMilliCPU) }
            if let amount { amounts[share.device, default: 0] += amount }
        }
        return order.map { ($0, amounts[$0]) }
    }

    private func wholeCores(_ parts: [(device: DeviceID, milliCPU: Int64?)]) -> [Int]? {
        var taken: [Int] = []
        for part in parts {
            guard let milliCPU = part.milliCPU, milliCPU > 0, milliCPU % 1000 == 0, let domain = domains[part.device],
                let cores = cores(Int(clamping: milliCPU / 1000), of: domain, besides: promised[part.device] ?? 0)
            else { return nil }
            taken += cores
        }
        return taken.isEmpty ? nil : taken.sorted()
    }

    /// So many CPUs of free cores, from the highest numbers down: the system likes the low ones. Nil when cores do not add
    /// up to it, or too little would be left for those who share.
    private func cores(_ count: Int, of domain: CPUDomain, besides promised: Int64) -> [Int]? {
        let left = domain.cpus.subtracting(given).count - count
        guard left >= 1, Int64(left) * 1000 >= promised else { return nil }
        var found: [Int] = []
        for core in domain.cores.sorted(by: { ($0.min() ?? 0) > ($1.min() ?? 0) }) {
            if found.count == count { break }
            guard core.count <= count - found.count, given.isDisjoint(with: core) else { continue }
            found += core
        }
        return found.count == count ? found : nil
    }

    private static func part(_ fraction: Rational, of whole: Int64) -> Int64 {
        max(1, Int64(clamping: Int128(whole) * Int128(fraction.numerator) / Int128(fraction.denominator)))
    }
}
