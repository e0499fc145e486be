import TidemillModel
import TidemillSeams

extension DeviceSnapshot {
    /// Why a share that `offer` names cannot be held here for `namespace`; nil when it can (invariant 4).
    @inline(__always)
    func lack(of offer: Offer, for namespace: String) -> Lack? {
        if isCordoned { return .cordoned }
        if !isHealthy { return .unhealthy }
        if offer.grade == .exclusive, !tenants.isNobody { return .notEmpty }
        let amounts = offer.amounts
        if amounts.milliCPU > free.milliCPU { return .cpu }
        if amounts.memoryBytes > free.memoryBytes { return .memory }
        if !traits.isCPU, amounts.compute > free.compute { return .compute }
        if !tenants.isNobody, !tenants.admit(namespace, at: offer.grade) { return .otherTenant }
        return nil
    }

    /// The lack in words and numbers.
    func refusal(_ lack: Lack, of offer: Offer, deviceClass: String) -> Refusal {
        let amounts = offer.amounts
        switch lack {
        case .cordoned: return .deviceCordoned(deviceClass, device: name)
        case .unhealthy: return .deviceUnhealthy(deviceClass, device: name)
        case .notEmpty: return .notEmpty(deviceClass, device: name)
        case .otherTenant: return .sharedWithAnotherTenant(deviceClass, device: name)
        case .cpu: return .short(.cpu(needed: amounts.milliCPU, free: free.milliCPU), device: name)
        case .memory:
            let place = isCPU ? "memory" : "\(deviceClass) memory"
            return .short(.memory(place, needed: amounts.memoryBytes, free: free.memoryBytes), device: name)
        case .compute:
            return .short(.compute(deviceClass, needed: amounts.compute, free: free.compute), device: name)
        }
    }

    /// What would be free once `amounts` are held too, in millionths of the device, summed over CPUs or compute and memory.
    /// A preference: it is exact to a mebibyte.
    @inline(__always)
    func leftOver(after amounts: DeviceAmounts) -> Int64 {
        let mebibytes = max(0, free.memoryBytes - amounts.memoryBytes) >> 20
        let memory = mebibytes * 1_000_000 / traits.capacityMiB
        if traits.isCPU {
            return memory + max(0, free.milliCPU - amounts.milliCPU) * 1_000_000 / traits.capacityMilliCPU
        }
        return memory + max(0, free.compute.millionths - amounts.compute.millionths)
    }

    mutating func hold(_ share: PlannedShare, for namespace: String) {
        held.append(
            HeldShare(slice: SliceUID(""), namespace: namespace, amounts: share.amounts, isolation: share.isolation))
    }
}

/// What one device lacks for one share, the gravest first.
enum Lack: Sendable {
    case cordoned, unhealthy, notEmpty, cpu, memory, compute, otherTenant
}
