import TidemillModel
import TidemillWire

/// Checks what a client saw against what must always be true. Pure.
struct GrantCheck {
    var slices: [SliceLog.Seen]
    /// Members of each job.
    var gang: Int
    var jobs: Int

    /// Slices that did not become Active once and stay so, and those that are missing or too many.
    var notOnce: Int {
        slices.count { $0.activations != 1 || $0.state != "Active" } + abs(slices.count - jobs * gang)
    }

    /// Jobs of which some members are Active and others are not.
    var partialGangs: Int {
        Dictionary(grouping: slices, by: \.job).values.count { members in
            let active = members.count { $0.state == "Active" }
            return active > 0 && active != gang
        }
    }

    /// Devices whose shares add up to more than there is.
    var overfullDevices: Int {
        var held: [String: SliceLog.Share] = [:]
        for share in slices.flatMap(\.shares) {
            held[share.device, default: .init(device: share.device)].memoryBytes += share.memoryBytes
            held[share.device, default: .init(device: share.device)].cpus += share.cpus
            held[share.device, default: .init(device: share.device)].compute += share.compute
        }
        return held.values.count { share in
            let isCPU = share.device.hasSuffix("-cpu0")
            let most = isCPU ? SimulatedNode.cpuBytes : SimulatedNode.cardBytes
            return share.memoryBytes > Double(most) || share.cpus > (isCPU ? Double(SimulatedNode.cpus) : 0)
                || share.compute > 1.000_001
        }
    }

    /// The most and the mean durable writes of a slice until it was Active.
    var writes: (most: Int, mean: Double) {
        let all = slices.map(\.writes)
        return (all.max() ?? 0, Double(all.reduce(0, +)) / Double(max(1, all.count)))
    }
}

/// A quantity or a percentage as a number; zero for nothing.
func amount(_ value: JSON?) -> Double {
    guard let text = value?.scalarText else { return 0 }
    if text.hasSuffix("%") { return (Double(text.dropLast()) ?? 0) / 100 }
    // What is no quantity adds nothing; a share that names none is zero, too.
    guard let quantity = try? Quantity(parsing: text) else { return 0 }
    return Double(quantity.fraction.numerator) / Double(quantity.fraction.denominator)
}
