/// The scores of one ask on all nodes, kept so that the best is found without looking at each.
///
/// Blocks of 64 nodes keep their greatest score: a change costs at most one block, and the search the list of greatest and
/// one block.
struct ScoreBoard: Sendable {
    private static let block = 64

    /// 0 where the ask does not fit, else the score and one.
    private var scores: [UInt16]
    private var choices: [Int32]
    private var greatest: [UInt16]

    init(nodes: Int) {
        scores = Array(repeating: 0, count: nodes)
        choices = Array(repeating: 0, count: nodes)
        greatest = Array(repeating: 0, count: (nodes + Self.block - 1) / Self.block)
    }

    subscript(node: Int) -> Rating? {
        scores[node] == 0 ? nil : Rating(score: scores[node] - 1, choice: choices[node])
    }

    mutating func set(_ node: Int, _ rating: Rating?) {
        let score = rating.map { $0.score + 1 } ?? 0
        choices[node] = rating?.choice ?? 0
        let old = scores[node]
        guard old != score else { return }
        scores[node] = score
        let block = node / Self.block
        if score > greatest[block] {
            greatest[block] = score
        } else if old == greatest[block] {
            greatest[block] = scores[range(of: block)].max() ?? 0
        }
    }

    private func range(of block: Int) -> Range<Int> {
        block * Self.block..<min(scores.count, (block + 1) * Self.block)
    }

    /// The first of the nodes in `mask` with the greatest score; nil when the ask fits none of them.
    func best(within mask: NodeMask?) -> Int? {
        guard let mask else { return best }
        var best: Int?
        var top: UInt16 = 0
        for block in greatest.indices where greatest[block] > top {
            var left = mask.words[block]
            while left != 0 {
                let node = block * Self.block + left.trailingZeroBitCount
                if scores[node] > top { (best, top) = (node, scores[node]) }
                left &= left - 1
            }
        }
        return best
    }

    private var best: Int? {
        var top: UInt16 = 0
        var block = 0
        for index in greatest.indices where greatest[index] > top {
            top = greatest[index]
            block = index
        }
        guard top > 0 else { return nil }
        return scores[range(of: block)].firstIndex(of: top)
    }
}
