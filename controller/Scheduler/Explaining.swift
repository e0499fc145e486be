/// Which of the gangs that wait are told why in one cycle. An explanation looks at every node: where thousands wait on a large
/// cluster, telling all of them each time would hold up those that fit.
struct Explaining {
    /// Looks at nodes that one cycle affords.
    private static let looks = 50_000

    /// Gangs that are told in a cycle.
    private let most: Int
    private let gangs: Int
    private let first: Int
    /// Further gangs that were never told anything.
    private var new: Int

    init(gangs: Int, nodes: Int, turn: Int) {
        most = max(4, Self.looks / max(1, nodes))
        self.gangs = gangs
        // The next ones in each turn, in a circle.
        first = gangs == 0 ? 0 : turn % gangs * (most % gangs) % gangs
        new = most
    }

    mutating func tells(_ number: Int, isNew: Bool) -> Bool {
        let place = (number - first + gangs) % max(1, gangs)
        if place < most { return true }
        guard isNew, new > 0 else { return false }
        new -= 1
        return true
    }
}
