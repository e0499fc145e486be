/// What of a machine slices may hold: its capacity less a reserve for the system and the agent itself.
///
/// The reserve is 10 % of the machine, at least 200m CPU and 512Mi, spread over the NUMA domains by their size. Memory is
/// rounded down to whole MiB in each domain, so that figures stay readable; the reserve is never less than the rule says.
package enum ReserveRule {
    /// An amount of CPU, in thousandths, and of memory, in bytes.
    package struct Amounts: Hashable, Sendable {
        package var milliCPU: Int64
        package var memoryBytes: Int64

        package init(milliCPU: Int64, memoryBytes: Int64) {
            self.milliCPU = milliCPU
            self.memoryBytes = memoryBytes
        }

        package static func + (a: Amounts, b: Amounts) -> Amounts {
            Amounts(milliCPU: a.milliCPU + b.milliCPU, memoryBytes: a.memoryBytes + b.memoryBytes)
        }
    }

    package static let leastMilliCPU: Int64 = 200
    package static let leastMemoryBytes: Int64 = 512 << 20
    static let memoryGrain: Int64 = 1 << 20

    /// What is left of each domain, in the order given. A domain never goes below zero.
    package static func allocatable(of domains: [Amounts]) -> [Amounts] {
        let cpu = spread(
            reserve(of: domains.map(\.milliCPU), least: leastMilliCPU), over: domains.map(\.milliCPU))
        let memory = spread(
            reserve(of: domains.map(\.memoryBytes), least: leastMemoryBytes), over: domains.map(\.memoryBytes))
        return domains.indices.map { index in
            let bytes = domains[index].memoryBytes - memory[index]
            return Amounts(
                milliCPU: domains[index].milliCPU - cpu[index], memoryBytes: bytes / memoryGrain * memoryGrain)
        }
    }

    /// A tenth of the sum, rounded up, at least `least`, at most all of it.
    static func reserve(of sizes: [Int64], least: Int64) -> Int64 {
        let total = sizes.reduce(0, +)
        return min(total, max(least, (total + 9) / 10))
    }

    /// Divides `amount` in proportion to `sizes` without losing a unit; what rounding leaves goes to the largest fractions,
    /// and among equals to the first. `amount` is at most the sum of `sizes`, so no part exceeds its size.
    static func spread(_ amount: Int64, over sizes: [Int64]) -> [Int64] {
        let total = Int128(sizes.reduce(0, +))
        guard total > 0 else { return sizes.map { _ in 0 } }
        var parts: [Int64] = []
        var fractions: [(index: Int, remainder: Int128)] = []
        for (index, size) in sizes.enumerated() {
            let (quotient, remainder) = (Int128(amount) * Int128(size)).quotientAndRemainder(dividingBy: total)
            parts.append(Int64(quotient))
            fractions.append((index, remainder))
        }
        let left = Int(amount - parts.reduce(0, +))
        let order = fractions.sorted { ($1.remainder, $0.index) < ($0.remainder, $1.index) }
        for fraction in order.prefix(left) { parts[fraction.index] += 1 }
        return parts
    }
}
