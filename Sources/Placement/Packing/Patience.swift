/// When a unit that could be placed waits all the same: the cluster is nearly full, and even its best place wastes more
/// than a little of what later work could use.
package struct Patience: Sendable, Equatable {
    /// The part of all devices that is allocated before anything waits, 0...1.
    package var load = 0.65
    /// Thousandths of a device that may be wasted, see `FillPolicy.waste`.
    package var waste = 100.0
    /// Units that wait at most; one more, and the oldest is placed.
    package var most = 1024

    package init() {}
}

extension PackingIndex<FillPolicy> {
    /// Whether `shape` waits rather than take the place that was found for it.
    package func waits(_ shape: Shape, for found: Packed, load: Double, _ patience: Patience) -> Bool {
        guard load >= patience.load, shape.devices > 0 else { return false }
        let before = self[found.node]
        return policy.waste(before: before, after: before.after(shape, at: found.slot)) > patience.waste
    }
}
