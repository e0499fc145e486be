/// A set of fields of one object: the paths that a manager owns, or that a change touches.
///
/// 1. The nodes stand in the order of their steps, each step once.
/// 2. Every node is a member, or has members below it, or both. So equal sets are equal values.
package struct FieldSet: Hashable, Sendable {
    /// A step, whether the field there is a member, and what is in the set below it.
    package struct Node: Hashable, Sendable {
        var step: FieldStep
        var isMember: Bool
        var below: FieldSet

        init(_ step: FieldStep, isMember: Bool, below: FieldSet = FieldSet()) {
            self.step = step
            self.isMember = isMember
            self.below = below
        }
    }

    private(set) var nodes: [Node] = []

    package init() {}

    /// What the nodes say together, in any order.
    init(_ nodes: [Node]) {
        for node in nodes.filter({ $0.isMember || !$0.below.isEmpty }).sorted(by: { $0.step < $1.step }) {
            guard let last = self.nodes.last, last.step == node.step else {
                self.nodes.append(node)
                continue
            }
            self.nodes[self.nodes.count - 1] = Node(
                node.step, isMember: last.isMember || node.isMember, below: last.below.union(node.below))
        }
    }

    package var isEmpty: Bool { nodes.isEmpty }

    /// Every member, from the root to the leaves, in order.
    package var paths: [[FieldStep]] {
        nodes.flatMap { node in
            (node.isMember ? [[node.step]] : []) + node.below.paths.map { [node.step] + $0 }
        }
    }

    /// What the set says at `step` and below it; nil when that is nothing.
    subscript(step: FieldStep) -> Node? {
        var (low, high) = (0, nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].step < step { low = middle + 1 } else { high = middle }
        }
        return low < nodes.count && nodes[low].step == step ? nodes[low] : nil
    }
}

extension FieldSet {
    /// What is in either.
    package func union(_ other: FieldSet) -> FieldSet { combined(other) { $0 || $1 } }

    /// What is in both.
    package func intersection(_ other: FieldSet) -> FieldSet { combined(other) { $0 && $1 } }

    /// What is in this set alone. A field that is taken out leaves those below it in.
    package func subtracting(_ other: FieldSet) -> FieldSet { combined(other) { $0 && !$1 } }

    /// Without the members of these names at the top, and all below them.
    func without(fields names: [String]) -> FieldSet {
        var rest = self
        for name in names { rest.nodes.removeAll { $0.step == .field(name) } }
        return rest
    }

    private func combined(_ other: FieldSet, _ isIn: (Bool, Bool) -> Bool) -> FieldSet {
        var result = FieldSet()
        var (mine, theirs) = (nodes[...], other.nodes[...])
        while let step = Self.lower(mine.first?.step, theirs.first?.step) {
            let a = mine.first?.step == step ? mine.popFirst() : nil
            let b = theirs.first?.step == step ? theirs.popFirst() : nil
            let node = Node(
                step, isMember: isIn(a?.isMember ?? false, b?.isMember ?? false),
                below: (a?.below ?? FieldSet()).combined(b?.below ?? FieldSet(), isIn))
            if node.isMember || !node.below.isEmpty { result.nodes.append(node) }
        }
        return result
    }

    private static func lower(_ a: FieldStep?, _ b: FieldStep?) -> FieldStep? {
        guard let a, let b else { return a ?? b }
        return b < a ? b : a
    }
}
