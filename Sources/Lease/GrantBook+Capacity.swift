import TidemillSeams

extension GrantBook {
    /// What held grants draw from `device`.
    package func drawn(from device: DeviceID) -> DeviceCapacity {
        var sum = DeviceCapacity(computeBillionths: 0)
        for share in held.values.flatMap(\.shares) where share.device == device {
            sum.milliCPU = saturatingSum(sum.milliCPU, share.milliCPU)
            sum.memoryBytes = saturatingSum(sum.memoryBytes, share.memoryBytes)
            sum.computeBillionths = saturatingSum(sum.computeBillionths, share.computeBillionths)
        }
        return sum
    }

    /// The refusal of a grant whose shares are of no device here or do not fit beside those held; nil when they fit.
    func shortage(for grant: NodeGrant) -> GrantAnswer? {
        if Set(grant.shares.map(\.device)).count < grant.shares.count {
            return .refused(.occupied, message: "the grant names one device twice")
        }
        for share in grant.shares.sorted(by: { $0.device < $1.device }) {
            guard let capacity = devices[share.device] else {
                return .refused(.unknownDevice, message: "this node has no device \(share.device)")
            }
            if share.milliCPU < 0 || share.memoryBytes < 0 || share.computeBillionths < 0 {
                return .refused(.occupied, message: "a share of \(share.device) is negative")
            }
            let others = held.values.filter { $0.shares.contains { $0.device == share.device } }
            if let holder = others.min(by: { $0.sliceUID < $1.sliceUID }),
                share.isExclusive
                    || others.contains(where: { $0.shares.contains { $0.device == share.device && $0.isExclusive } })
            {
                return .refused(.occupied, message: "\(share.device) is held by slice \(holder.sliceUID)")
            }
            let used = drawn(from: share.device)
            let wants: [(String, Int64, Int64, Int64)] = [
                ("milli-CPUs", share.milliCPU, used.milliCPU, capacity.milliCPU),
                ("bytes of memory", share.memoryBytes, used.memoryBytes, capacity.memoryBytes),
                ("billionths of compute", share.computeBillionths, used.computeBillionths, capacity.computeBillionths),
            ]
            for (what, wanted, drawn, whole) in wants where wanted > 0 && saturatingSum(wanted, drawn) > whole {
                return .refused(
                    .occupied,
                    message:
                        "\(share.device) has \(max(0, whole - drawn)) of \(whole) \(what) left, \(wanted) are granted")
            }
        }
        return nil
    }

    private func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }
}
