import TidemillPlacement

extension OpenTrace {
    /// With a queue in which wasteful pods wait. What still waits when arrivals stop is placed then, the oldest first.
    package func runPatiently(
        _ policy: FillPolicy, _ arrival: Arrival, _ patience: Patience, by fragmentation: FragmentationPolicy
    ) -> OpenOutcome {
        var tally = OpenTally(self)
        let rooms = rooms(arrival)
        let clock = ContinuousClock()
        let began = clock.now
        var index = PackingIndex(policy, kinds: kinds, nodes: rooms)
        var queue = PodQueue()
        func place(_ shape: Shape) {
            if let found = index.best(for: shape) {
                index.place(shape, found)
                tally.place(shape)
            } else {
                tally.fail()
            }
        }
        for (now, pod) in arrival.pods.enumerated() {
            let shape = pods[pod]
            tally.arrive(shape)
            let load = tally.percent / 100
            if let found = index.best(for: shape), index.waits(shape, for: found, load: load, patience) {
                queue.add(shape, at: now)
                if queue.count > patience.most { place(queue.next(at: now)) }
            } else {
                place(shape)
            }
            tally.mark()
        }
        while queue.count > 0 { place(queue.next(at: arrival.pods.count)) }
        tally.end((0..<index.count).map { index[$0] }, by: fragmentation, seconds: (clock.now - began) / .seconds(1))
        queue.report(to: &tally.outcome)
        return tally.outcome
    }

    /// With popularity learned from the pods seen so far: anew after 20, 200, and then each time half as many again.
    package func runLearning(
        _ settings: FillPolicy.Settings, _ arrival: Arrival, by fragmentation: FragmentationPolicy
    ) -> OpenOutcome {
        var tally = OpenTally(self)
        let rooms = rooms(arrival)
        let clock = ContinuousClock()
        let began = clock.now
        var seen = Popularity()
        var next = 20
        var index = PackingIndex(
            FillPolicy(seen, kinds: kinds, settings: settings), kinds: kinds, nodes: rooms)
        for pod in arrival.pods {
            let shape = pods[pod]
            tally.arrive(shape)
            seen.count(shape)
            if seen.units == next {
                index.replace(FillPolicy(seen, kinds: kinds, settings: settings))
                next = next == 20 ? 200 : next * 3 / 2
            }
            if let found = index.best(for: shape) {
                index.place(shape, found)
                tally.place(shape)
            } else {
                tally.fail()
            }
            tally.mark()
        }
        tally.end((0..<index.count).map { index[$0] }, by: fragmentation, seconds: (clock.now - began) / .seconds(1))
        return tally.outcome
    }
}

/// Pods that wait, the oldest first.
private struct PodQueue {
    private var waiting: [(shape: Shape, since: Int)] = []
    private var first = 0
    private var longest = 0
    private var waits: [Int] = []

    var count: Int { waiting.count - first }

    mutating func add(_ shape: Shape, at now: Int) {
        waiting.append((shape, now))
        longest = max(longest, count)
    }

    mutating func next(at now: Int) -> Shape {
        defer { first += 1 }
        waits.append(now - waiting[first].since)
        return waiting[first].shape
    }

    func report(to outcome: inout OpenOutcome) {
        outcome.waited = waits.count
        outcome.longestQueue = longest
        outcome.longestWait = waits.max() ?? 0
        outcome.meanWait = waits.isEmpty ? 0 : Double(waits.reduce(0, +)) / Double(waits.count)
    }
}
