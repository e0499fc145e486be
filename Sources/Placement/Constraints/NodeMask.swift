/// A set of nodes by their places, a bit each; words of 64 as the score board has blocks.
struct NodeMask: Hashable, Sendable {
    private(set) var words: [UInt64]

    /// - Parameter nodes: how many there are.
    init(nodes: Int, _ isMember: (Int) -> Bool) {
        words = Array(repeating: 0, count: (nodes + 63) / 64)
        for node in 0..<nodes where isMember(node) { insert(node) }
    }

    init(nodes: Int, _ members: [Int]) {
        words = Array(repeating: 0, count: (nodes + 63) / 64)
        for node in members { insert(node) }
    }

    func contains(_ node: Int) -> Bool { words[node / 64] & (1 << UInt64(node % 64)) != 0 }

    mutating func insert(_ node: Int) { words[node / 64] |= 1 << UInt64(node % 64) }

    func intersection(_ other: NodeMask) -> NodeMask {
        var mask = self
        for index in words.indices { mask.words[index] &= other.words[index] }
        return mask
    }

    func union(_ other: NodeMask) -> NodeMask {
        var mask = self
        for index in words.indices { mask.words[index] |= other.words[index] }
        return mask
    }

    /// The places in it, ascending.
    var members: [Int] {
        var members: [Int] = []
        for (index, word) in words.enumerated() {
            var left = word
            while left != 0 {
                members.append(index * 64 + left.trailingZeroBitCount)
                left &= left - 1
            }
        }
        return members
    }
}

extension NodeMask? {
    /// Nil stands for all nodes.
    func intersection(_ other: NodeMask?) -> NodeMask? {
        guard let mask = self else { return other }
        return other.map { mask.intersection($0) } ?? mask
    }
}
