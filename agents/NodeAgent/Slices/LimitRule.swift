import TidemillHostLinux
import TidemillModel
import TidemillNodeCore
import TidemillSeams

/// What the shares of a grant mean for the kernel: CPUs and domains to run on, CPU time, memory, processes. Pure.
package enum LimitRule {
    /// Processes and threads of one slice.
    package static let pidsPerSlice: Int64 = 4096

    /// The limits of a grant on these devices. Shares of one grant add up; a share that names only a fraction of a
    /// domain's compute gets that fraction of its allocatable CPUs, rounded down, at least a thousandth of a CPU.
    package static func limits(of grant: SliceGrant, on devices: [DeviceID: CPUDevice]) -> SliceLimits {
        var cpus: [Int] = []
        var domains: [Int] = []
        var milliCPU: Int64?
        var memoryBytes: Int64?
        for share in grant.shares {
            guard let device = devices[share.device] else { continue }
            cpus += device.domain.cpus.numbers
            domains.append(device.domain.id)
            if let amount = share.milliCPU ?? share.compute.map({ part($0, of: device.allocatable.milliCPU) }) {
                milliCPU = (milliCPU ?? 0) + amount
            }
            if let bytes = share.memoryBytes { memoryBytes = (memoryBytes ?? 0) + bytes }
        }
        return SliceLimits(
            cpus: cpus.isEmpty ? nil : CPUList(cpus), memoryNodes: domains.isEmpty ? nil : CPUList(domains),
            quotaMilliCPU: milliCPU, memoryBytes: memoryBytes, pids: pidsPerSlice)
    }

    private static func part(_ fraction: Rational, of whole: Int64) -> Int64 {
        max(1, Int64(clamping: Int128(whole) * Int128(fraction.numerator) / Int128(fraction.denominator)))
    }
}
