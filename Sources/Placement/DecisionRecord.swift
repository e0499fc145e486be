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
    package struct Line: Sendable, Equatable {
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
        /// What gangs wait for, by namespace and job, as it was decided last.
        var waiting: [String: Decision] = [:]
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

    /// A gang that goes on waiting for the same is told of once.
    mutating func add(_ entry: Entry) {
        if case .decided(let gang, let decision) = entry {
            let name = gang.namespace + "/" + gang.job
            if newer.waiting[name] == decision { return }
            if case .pending = decision { newer.waiting[name] = decision } else { newer.waiting[name] = nil }
        }
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

    /// What it takes to make a decision again, and the decision; nil for one that is not kept any more, or was never made.
    package func excerpt(_ number: Int) -> (excerpt: DecisionExcerpt, line: Line)? {
        for generation in [older, newer].compactMap({ $0 })
        where number >= generation.first && number < generation.first + generation.decisions {
            guard let line = lines(of: generation, { _ in true }).first(where: { $0.number == number }) else {
                continue
            }
            var left = number - generation.first
            var steps: [DecisionExcerpt.Step] = []
            for entry in generation.entries {
                guard let step = DecisionExcerpt.Step(entry) else { continue }
                steps.append(step)
                if case .decide = step { left -= 1 }
                if left < 0 { break }
            }
            return (DecisionExcerpt(number: number, start: generation.start, steps: steps), line)
        }
        return nil
    }

    /// The numbers of the decisions that are kept.
    package var numbers: Range<Int> { (older?.first ?? newer.first)..<(newer.first + newer.decisions) }
}
