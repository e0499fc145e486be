import TidemillModel
import TidemillSeams

extension DeviceSnapshot {
    /// The grades that the device offers to `need`; nil when it is not of the class.
    func grades(for need: Need) -> [Kinds.IsolationGrade]? {
        guard let offered = classes[need.deviceClass] else { return nil }
        return offered.isEmpty ? [.advisory] : offered
    }

    /// What `amounts` is short of on this device, the scarcest first; nil when it fits (invariant 4).
    func shortage(of amounts: DeviceAmounts, whole: Bool, deviceClass: String) -> Refusal? {
        let free = self.free
        if whole, !held.isEmpty { return .notEmpty(deviceClass) }
        if isCPU, amounts.milliCPU > free.milliCPU {
            return .short(.cpu(needed: amounts.milliCPU, free: free.milliCPU), device: name)
        }
        if amounts.memoryBytes > free.memoryBytes {
            let place = isCPU ? "memory" : "\(deviceClass) memory"
            return .short(.memory(place, needed: amounts.memoryBytes, free: free.memoryBytes), device: name)
        }
        if !isCPU, amounts.compute > free.compute {
            return .short(.compute(deviceClass, needed: amounts.compute, free: free.compute), device: name)
        }
        return nil
    }

    /// What would be free after `share`, in millionths of the device, summed over CPUs or compute and memory.
    func leftOver(after share: PlannedShare) -> Int64 {
        var left = free
        left.subtract(share.amounts)
        let memory = Rational.part(left.memoryBytes, of: capacity.memoryBytes).ceiling(of: 1_000_000)
        let compute =
            isCPU
            ? Rational.part(left.milliCPU, of: capacity.milliCPU).ceiling(of: 1_000_000)
            : left.compute.ceiling(of: 1_000_000)
        return memory + compute
    }

    mutating func hold(_ share: PlannedShare, for namespace: String) {
        held.append(
            HeldShare(slice: SliceUID(""), namespace: namespace, amounts: share.amounts, isolation: share.isolation))
    }
}
