import Glibc

/// Fragmentation gradient descent: the node whose fragmentation grows least. Weng et al., "Beware of Fragmentation:
/// Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023.
package struct FragmentationPolicy: PackingPolicy {
    private let typical: [Popularity.Entry]
    private let kinds: [NodeKind]

    /// - Parameter typical: see `Popularity.typical`.
    package init(typical: [Popularity.Entry], kinds: NodeKinds) {
        self.typical = typical
        self.kinds = kinds.kinds
    }

    /// Less is better, so the worth is what is *not* fragmented away, up to a constant.
    package func worth(_ room: Room) -> Double { -fragmentation(room) }

    /// Thousandths of devices that are free and of no use to a typical unit, on average: all that is free when it does not
    /// fit or needs no device, else what is free on devices that have too little for it.
    package func fragmentation(_ room: Room) -> Double {
        let free = Double(room.freeMilli)
        let kind = kinds[Int(room.kind)]
        var sum = 0.0
        for entry in typical {
            var shape = entry.shape
            shape.memoryMiB = 0
            if shape.devices == 0 || !kind.isOf(shape) || !room.fits(shape) {
                sum += entry.share * free
                continue
            }
            var small: Int32 = 0
            for slot in 0..<room.devices where room[slot] < shape.deviceMilli { small += room[slot] }
            sum += entry.share * Double(small)
        }
        return sum
    }

    /// int(100 · sigmoid((before − after) / 1000)). The whole number matters: with fractions first fit among equals is lost.
    package func score(before: Valued, after: Valued) -> UInt8 {
        UInt8(100 / (1 + exp(-(after.worth - before.worth) / 1000)))
    }
}
