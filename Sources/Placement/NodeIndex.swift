/// Rates an ask on a node by the node's state alone, so that nodes in equal state are rated once.
protocol NodeRater: Sendable {
    associatedtype Ask: Hashable & Sendable
    /// All that a rating may depend on.
    associatedtype State: Hashable & Sendable
    /// A state with what ratings need of it, worked out once.
    associatedtype Known: Sendable

    mutating func know(_ state: State) -> Known

    /// Nil when the ask does not fit.
    mutating func rate(_ ask: Ask, in state: Known) -> Rating?
}

/// How good a node is for an ask, and which of several ways it means, where there are several.
struct Rating: Hashable, Sendable {
    /// 0...65534, more is better.
    var score: UInt16
    /// What the rater makes of it.
    var choice: Int32 = 0
}

/// Finds the best node for an ask, and remembers what it learned: ratings in equal states are made once, and each ask looks
/// only at nodes that changed since it was last asked.
///
/// Its answers are those of `scan`, which looks at every node. Of equal scores the first node wins. What it remembers is
/// bounded: states that no node has any more, asks that have not come for long and old changes are forgotten.
struct NodeIndex<Rater: NodeRater>: Sendable {
    var rater: Rater
    private var table: StateTable<Rater.State, Rater.Known>
    /// By node, the slot of its state.
    private var slots: [Int32]
    private var numbers: [Rater.Ask: Int] = [:]
    private var entries: [Entry?] = []
    /// Nodes in the order in which they changed; the first of them is the change with the number `forgotten`.
    private var changes: [Int32] = []
    private var forgotten = 0
    /// By node: the last catching-up that looked at it.
    private var stamps: [Int]
    private var stamp = 0

    private struct Entry: Sendable {
        var ask: Rater.Ask
        var board: ScoreBoard
        var ratings = Ratings()
        /// How many changes it has taken in.
        var read: Int
    }

    /// - Parameter nodes: in the order of ties.
    init(_ rater: Rater, nodes: [Rater.State]) {
        var rater = rater
        var table = StateTable<Rater.State, Rater.Known>()
        slots = nodes.map { state in table.take(state) { rater.know($0) } }
        self.rater = rater
        self.table = table
        stamps = Array(repeating: 0, count: nodes.count)
    }

    var count: Int { slots.count }

    /// What is known of the node's state.
    subscript(node: Int) -> Rater.Known { table.known(slots[node]) }

    mutating func set(_ node: Int, _ state: Rater.State) {
        let old = slots[node]
        // The new one first, in case it is the old one.
        slots[node] = table.take(state) { rater.know($0) }
        table.give(old)
        changes.append(Int32(node))
        if changes.count > 8 * max(512, count) { forget() }
    }

    /// The best node of `mask`; nil when the ask fits none of them. Changes nothing but what is remembered.
    mutating func best(for ask: Rater.Ask, within mask: NodeMask? = nil) -> (node: Int, rating: Rating)? {
        let number = entry(for: ask)
        guard let board = entries[number]?.board, let node = board.best(within: mask), let rating = board[node]
        else {
            return nil
        }
        return (node, rating)
    }

    /// The same, by rating every node and remembering nothing of it.
    mutating func scan(for ask: Rater.Ask, within mask: NodeMask? = nil) -> (node: Int, rating: Rating)? {
        var best: (node: Int, rating: Rating)?
        for node in slots.indices where mask?.contains(node) ?? true {
            guard let rating = rater.rate(ask, in: self[node]) else { continue }
            if best.map({ rating.score > $0.rating.score }) ?? true { best = (node, rating) }
        }
        return best
    }

    /// The number of the ask's entry, with everything taken in that changed.
    private mutating func entry(for ask: Rater.Ask) -> Int {
        guard let number = numbers[ask], var entry = entries[number] else { return newEntry(for: ask) }
        let now = forgotten + changes.count
        guard entry.read < now else { return number }
        // In place: nothing else holds the boards while they change.
        entries[number] = nil
        stamp += 1
        var next = changes.count
        while next > entry.read - forgotten {
            next -= 1
            let node = Int(changes[next])
            guard stamps[node] != stamp else { continue }
            stamps[node] = stamp
            update(&entry, node)
        }
        entry.read = now
        entries[number] = entry
        return number
    }

    private mutating func newEntry(for ask: Rater.Ask) -> Int {
        var entry = Entry(ask: ask, board: ScoreBoard(nodes: count), read: forgotten + changes.count)
        for node in slots.indices { update(&entry, node) }
        let number = entries.firstIndex { $0 == nil } ?? entries.count
        if number == entries.count { entries.append(nil) }
        entries[number] = entry
        numbers[ask] = number
        return number
    }

    @inline(__always)
    private mutating func update(_ entry: inout Entry, _ node: Int) {
        let slot = slots[node]
        let life = table.life(of: slot)
        if let known = entry.ratings.find(slot, life) {
            entry.board.set(node, known)
            return
        }
        let rating = rater.rate(entry.ask, in: table.known(slot))
        entry.ratings.keep(slot, life, rating)
        entry.board.set(node, rating)
    }

    /// Forgets the older half of the changes, and the asks that have not taken them in.
    private mutating func forget() {
        let half = changes.count / 2
        changes.removeFirst(half)
        forgotten += half
        for (ask, number) in numbers where (entries[number]?.read ?? 0) < forgotten {
            entries[number] = nil
            numbers[ask] = nil
        }
    }
}

/// The states that nodes have, each known by a slot. A slot is taken again once no node has its state; its life says which
/// state is meant.
private struct StateTable<State: Hashable & Sendable, Known: Sendable>: Sendable {
    private struct Row: Sendable {
        var state: State
        var known: Known
        var nodes: Int32
        var life: UInt32
    }

    private var slots: [State: Int32] = [:]
    private var rows: [Row] = []
    private var free: [Int32] = []

    @inline(__always)
    func known(_ slot: Int32) -> Known { rows[Int(slot)].known }

    @inline(__always)
    func life(of slot: Int32) -> UInt32 { rows[Int(slot)].life }

    /// One more node has `state`.
    mutating func take(_ state: State, _ know: (State) -> Known) -> Int32 {
        if let slot = slots[state] {
            rows[Int(slot)].nodes += 1
            return slot
        }
        let known = know(state)
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            rows[Int(slot)] = Row(state: state, known: known, nodes: 1, life: rows[Int(slot)].life + 1)
        } else {
            slot = Int32(rows.count)
            rows.append(Row(state: state, known: known, nodes: 1, life: 1))
        }
        slots[state] = slot
        return slot
    }

    /// One node less has it.
    mutating func give(_ slot: Int32) {
        rows[Int(slot)].nodes -= 1
        guard rows[Int(slot)].nodes == 0 else { return }
        slots[rows[Int(slot)].state] = nil
        free.append(slot)
    }
}

/// The ratings of one ask, by slot and life of the state.
private struct Ratings: Sendable {
    private struct Kept: Sendable {
        var life: UInt32 = 0
        var rating: Rating?
    }

    private var kept: [Kept] = []

    /// Nil when the state was not rated yet.
    @inline(__always)
    func find(_ slot: Int32, _ life: UInt32) -> Rating?? {
        guard slot < kept.count, kept[Int(slot)].life == life else { return nil }
        return .some(kept[Int(slot)].rating)
    }

    mutating func keep(_ slot: Int32, _ life: UInt32, _ rating: Rating?) {
        while kept.count <= slot { kept.append(Kept()) }
        kept[Int(slot)] = Kept(life: life, rating: rating)
    }
}
