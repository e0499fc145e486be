/// Where a shape goes.
package struct Packed: Hashable, Sendable {
    /// Place in the order of ties.
    package var node: Int
    /// The first of the devices that it takes, in ascending order of what is free of them.
    package var slot: Int
    package var score: UInt16
}

/// A cluster of rooms, and where shapes go in it by a policy.
package struct PackingIndex<Policy: PackingPolicy>: Sendable {
    private let kinds: [NodeKind]
    private var index: NodeIndex<RoomRater<Policy>>

    /// - Parameter nodes: in the order of ties.
    package init(_ policy: Policy, kinds: NodeKinds, nodes: [Room]) {
        self.kinds = kinds.kinds
        index = NodeIndex(RoomRater(policy, kinds: kinds.kinds), nodes: nodes)
    }

    package var policy: Policy { index.rater.policy }
    package var count: Int { index.count }

    /// Distinct rooms that were valued so far.
    package var roomsSeen: Int { index.rater.roomsSeen }

    package subscript(node: Int) -> Room {
        get { index[node].room }
        set { index.set(node, newValue) }
    }

    /// Another policy from now on, with nothing learned.
    package mutating func replace(_ policy: Policy) {
        index = NodeIndex(RoomRater(policy, kinds: kinds), nodes: (0..<count).map { self[$0] })
    }

    /// Where `shape` goes; nil when it fits nowhere.
    package mutating func best(for shape: Shape) -> Packed? { index.best(for: shape).map(Self.packed) }

    /// The same, by looking at every node.
    package mutating func scan(for shape: Shape) -> Packed? { index.scan(for: shape).map(Self.packed) }

    package mutating func place(_ shape: Shape, _ packed: Packed) {
        self[packed.node] = self[packed.node].after(shape, at: packed.slot)
    }

    private static func packed(_ node: Int, _ rating: Rating) -> Packed {
        Packed(node: node, slot: Int(rating.choice), score: rating.score)
    }
}
