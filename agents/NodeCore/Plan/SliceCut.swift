import TidemillModel

/// What of the machine's CPUs and memory a slice gets, in numbers that a kernel can be told.
package struct SliceCut: Hashable, Sendable {
    /// CPUs that it may run on; empty where nothing binds it.
    package var cpus: [Int]
    /// Whether these are whole cores that nobody else runs on. Others share what is left of a domain.
    package var isWhole: Bool
    /// NUMA nodes that its memory comes from; empty where nothing binds it.
    package var memoryNodes: [Int]
    /// CPU time, in thousandths of a CPU; nil where whole cores are bound enough, or nothing is asked for.
    package var quotaMilliCPU: Int64?
    package var memoryBytes: Int64?

    package init(
        cpus: [Int] = [], isWhole: Bool = false, memoryNodes: [Int] = [], quotaMilliCPU: Int64? = nil,
        memoryBytes: Int64? = nil
    ) {
        self.cpus = cpus
        self.isWhole = isWhole
        self.memoryNodes = memoryNodes
        self.quotaMilliCPU = quotaMilliCPU
        self.memoryBytes = memoryBytes
    }
}
