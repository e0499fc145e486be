import TidemillSeams

/// Makes a failing scenario smaller while it still breaks the same invariant.
package struct Shrinker {
    private let broken: Set<BrokenRule>
    private let invariant: String
    private var left: Int
    private var best: Scenario

    private init(_ scenario: Scenario, broken: Set<BrokenRule>, invariant: String, tries: Int) {
        best = scenario
        self.broken = broken
        self.invariant = invariant
        left = tries
    }

    /// The smallest scenario that was found, which still fails. At most `tries` histories are run for it.
    package static func shrunk(_ outcome: Simulation.Outcome, broken: Set<BrokenRule> = [], tries: Int = 120) async
        -> Scenario
    {
        guard let violation = outcome.violation else { return outcome.scenario }
        var shrinker = Shrinker(
            outcome.scenario, broken: broken, invariant: violation.invariant, tries: tries)
        await shrinker.shrink()
        return shrinker.best
    }

    private mutating func shrink() async {
        var size = -1
        while left > 0, size != best.faults.count + best.work.count {
            size = best.faults.count + best.work.count
            await thin(\.faults)
            await thin(\.work)
            await shorten()
        }
    }

    /// Leaves out halves, then quarters, then single ones.
    private mutating func thin<Element>(_ path: WritableKeyPath<Scenario, [Element]>) async {
        var chunk = max(1, best[keyPath: path].count / 2)
        while chunk >= 1, !best[keyPath: path].isEmpty {
            var start = 0
            while start < best[keyPath: path].count, left > 0 {
                var smaller = best
                let end = min(start + chunk, smaller[keyPath: path].count)
                smaller[keyPath: path].removeSubrange(start..<end)
                if await !accept(smaller) { start += chunk }
            }
            chunk /= 2
        }
    }

    private mutating func shorten() async {
        for index in best.faults.indices {
            var smaller = best
            smaller.faults[index].lasts = smaller.faults[index].lasts / 2
            _ = await accept(smaller)
        }
        if let last = (best.faults.map { $0.at + $0.lasts } + best.work.map(\.at)).max() {
            var smaller = best
            smaller.lasts = min(smaller.lasts, last + .seconds(2))
            if smaller.lasts < best.lasts { _ = await accept(smaller) }
        }
    }

    private mutating func accept(_ smaller: Scenario) async -> Bool {
        guard left > 0 else { return false }
        left -= 1
        guard await Simulation.run(smaller, broken: broken).violation?.invariant == invariant else { return false }
        best = smaller
        return true
    }
}
