import TidemillPlacement

/// One workload placed by one policy, in the order of one seed: one pod at a time, no departures, and what does not fit is
/// lost.
package struct OpenOutcome: Sendable {
    /// Percent of the cluster's devices that are allocated when so many percent of its capacity have arrived.
    package var allocation: [Int: Double] = [:]
    package var placed = 0
    /// Pods that failed before demand for 90 % of the capacity had arrived.
    package var earlyFailures = 0
    /// Percent of the capacity that is fragmented in the end, by FGD's definition.
    package var fragmentation = 0.0
    package var decisions = 0
    package var seconds = 0.0
    /// Decisions that a plain scan of all nodes would have made otherwise; nil when none was made.
    package var mismatches: Int?
    /// Pods that waited, the longest queue, and the mean and longest wait in arrivals. For the patient queue.
    package var waited = 0
    package var longestQueue = 0
    package var meanWait = 0.0
    package var longestWait = 0

    package static let marks = [80, 95, 100, 130]
}

/// Demand and allocation as pods come.
struct OpenTally {
    private let capacity: Int
    private var marks = OpenOutcome.marks.dropLast()[...]
    private(set) var arrived = 0
    private(set) var allocated = 0
    var outcome = OpenOutcome()

    init(_ trace: OpenTrace) {
        capacity = trace.capacity
    }

    var percent: Double { 100 * Double(allocated) / Double(capacity) }

    mutating func arrive(_ shape: Shape) {
        arrived += Int(shape.size)
        outcome.decisions += 1
    }

    mutating func place(_ shape: Shape) {
        allocated += Int(shape.size)
        outcome.placed += 1
    }

    mutating func fail() {
        if arrived * 10 < capacity * 9 { outcome.earlyFailures += 1 }
    }

    /// After each arrival.
    mutating func mark() {
        while let mark = marks.first, arrived * 100 >= mark * capacity {
            outcome.allocation[mark] = percent
            marks.removeFirst()
        }
    }

    mutating func end(_ rooms: some Sequence<Room>, by fragmentation: FragmentationPolicy, seconds: Double) {
        outcome.allocation[130] = percent
        outcome.fragmentation =
            100 * rooms.reduce(0) { $0 + fragmentation.fragmentation($1) } / Double(capacity)
        outcome.seconds = seconds
    }
}

extension OpenTrace {
    /// - Parameter scans: compares every decision with a plain scan; the time is then meaningless.
    package func run(
        _ policy: some PackingPolicy, _ arrival: Arrival, by fragmentation: FragmentationPolicy, scans: Bool = false
    ) -> OpenOutcome {
        var tally = OpenTally(self)
        var mismatches = 0
        let rooms = rooms(arrival)
        let clock = ContinuousClock()
        let began = clock.now
        var index = PackingIndex(policy, kinds: kinds, nodes: rooms)
        for pod in arrival.pods {
            let shape = pods[pod]
            tally.arrive(shape)
            let found = index.best(for: shape)
            if scans, index.scan(for: shape) != found { mismatches += 1 }
            if let found {
                index.place(shape, found)
                tally.place(shape)
            } else {
                tally.fail()
            }
            tally.mark()
        }
        let seconds = (clock.now - began) / .seconds(1)
        tally.end((0..<index.count).map { index[$0] }, by: fragmentation, seconds: seconds)
        if scans { tally.outcome.mismatches = mismatches }
        return tally.outcome
    }
}
