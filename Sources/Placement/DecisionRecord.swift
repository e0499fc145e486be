import TidemillModel
import TidemillSeams

/// The latest decisions, with all that they were made on: a ring of two generations. Each begins with a whole state, after
/// which everything that happened is told in its order; the older one is dropped when the newer one is full.
package struct DecisionRecord: Sendable {
    package enum Entry: Sendable, Equatable {
        /// What follows is decided at this revision of the store, at this time.
        case cycle(Revision, String)
        case changed([NodeSnapshot], removed: [NodeID])
        case classes([String], [String: Rational])
        case released(PlannedMember, String)
        case decided(PendingGang, Decision)

        /// How much memory it takes, in nodes and members.
        fileprivate var weight: Int {
            switch self {
            case .changed(let nodes, _): nodes.count
            case .decided(let gang, _): gang.members.count
            case .cycle, .classes, .released: 1
            }
        }
    }

    /// One decision as others should know it.
    package struct Line: Sendable {
        /// Counts the decisions from 1.
        package var number: Int
        package var revision: Revision
        package var time: String
        package var gang: PendingGang
        package var decision: Decision
    }

    private struct Generation: Sendable {
        var start: PlacementState
        var entries: [Entry] = []
        /// The number of its first decision.
        var first: Int
        var decisions = 0
        var weight = 0
        /// The cycle in which it began.
        var cycle: Entry?
    }

    private var older: Generation?
    private var newer: Generation
    private let limit: Int

    /// - Parameter limit: decisions of a generation; of changed nodes and members there are four times as many.
    init(from state: PlacementState, limit: Int) {
        newer = Generation(start: state, first: 1)
        self.limit = limit
    }

    var isFull: Bool { newer.decisions >= limit || newer.weight >= 4 * limit }

    mutating func add(_ entry: Entry) {
        newer.entries.append(entry)
        newer.weight += entry.weight
        if case .decided = entry { newer.decisions += 1 }
        if case .cycle = entry { newer.cycle = entry }
    }

    mutating func begin(from state: PlacementState) {
        let first = newer.first + newer.decisions
        let cycle = newer.cycle
        older = newer
        newer = Generation(start: state, first: first)
        if let cycle { add(cycle) }
    }

    /// The latest decisions, the oldest first.
    package func latest(_ count: Int, where isWanted: (PendingGang) -> Bool = { _ in true }) -> [Line] {
        Array(([older, newer].compactMap { $0 }).flatMap { lines(of: $0, isWanted) }.suffix(count))
    }

    private func lines(of generation: Generation, _ isWanted: (PendingGang) -> Bool) -> [Line] {
        var lines: [Line] = []
        var number = generation.first
        var (revision, time) = (Revision(0), "")
        for entry in generation.entries {
            switch entry {
            case .cycle(let at, let when): (revision, time) = (at, when)
            case .decided(let gang, let decision):
                if isWanted(gang) {
                    lines.append(
                        Line(number: number, revision: revision, time: time, gang: gang, decision: decision))
                }
                number += 1
            case .changed, .classes, .released: break
            }
        }
        return lines
    }

    /// What it takes to make a decision again; nil for one that is not kept any more, or was never made.
    package func excerpt(_ number: Int) -> DecisionExcerpt? {
        for generation in [older, newer].compactMap({ $0 })
        where number >= generation.first && number < generation.first + generation.decisions {
            var left = number - generation.first
            let last = generation.entries.firstIndex { entry in
                guard case .decided = entry else { return false }
                left -= 1
                return left < 0
            }
            return last.map {
                DecisionExcerpt(number: number, start: generation.start, entries: Array(generation.entries[...$0]))
            }
        }
        return nil
    }

    /// The numbers of the decisions that are kept.
    package var numbers: Range<Int> { (older?.first ?? newer.first)..<(newer.first + newer.decisions) }
}

/// One decision with everything that came before it since a whole state.
package struct DecisionExcerpt: Sendable, Equatable {
    package var number: Int
    package var start: PlacementState
    /// The last one is the decision.
    package var entries: [DecisionRecord.Entry]

    package init(number: Int, start: PlacementState, entries: [DecisionRecord.Entry]) {
        self.number = number
        self.start = start
        self.entries = entries
    }

    /// What the last entry says was decided, and for whom.
    package var recorded: (gang: PendingGang, decision: Decision)? {
        if case .decided(let gang, let decision)? = entries.last { (gang, decision) } else { nil }
    }

    /// Decides again, from the start, and returns the last decision.
    ///
    /// - Parameter change: what shall be otherwise this time, such as the policy.
    package func replayed(_ change: (inout PlacementSettings) -> Void = { _ in }) -> Decision? {
        var start = start
        change(&start.settings)
        var placement = Placement(start)
        var last: Decision?
        for entry in entries {
            switch entry {
            case .cycle: break
            case .changed(let nodes, let removed): placement.update(nodes, removed: Set(removed))
            case .classes(let classes, let prices): placement.update(classes: Set(classes), prices: prices)
            case .released(let member, let namespace): placement.release(member, of: namespace)
            case .decided(let gang, _): last = placement.decide(gang)
            }
        }
        return last
    }
}
