import TidemillSeams

/// How much history a store keeps for watches and pages: what is younger than `age`, but no less than `fewest` changes and
/// no more than `most`; and never more than `mostBytes` of values, so that large objects cannot exhaust memory and file.
package struct Retention: Hashable, Sendable {
    package var fewest: Int
    package var most: Int
    package var age: Duration
    package var mostBytes: Int

    package init(
        fewest: Int = 10_000, most: Int = 50_000, age: Duration = .seconds(300), mostBytes: Int = 256 << 20
    ) {
        self.fewest = fewest
        self.most = most
        self.age = age
        self.mostBytes = mostBytes
    }
}

/// Says when history may go, from how the revision grew over time.
package struct RetentionMarks: Sendable {
    package let retention: Retention
    /// Which revision the store had reached when, oldest first, about thirty of them per `age`.
    private var marks: [(at: Instant, revision: Revision)] = []

    package init(_ retention: Retention) {
        self.retention = retention
    }

    /// Notes that `state` is as it is at `now`, and returns the revision through which its history may be compacted.
    ///
    /// Compaction is worth its while only by the hundred, so nil is the usual answer.
    package mutating func cut(_ state: StoreState, now: Instant) -> Revision? {
        if marks.last.map({ now.since($0.at) >= retention.age / 30 }) ?? true { marks.append((now, state.revision)) }
        if let through = excess(state) { return through }
        let surplus = state.log.count - retention.fewest
        guard surplus >= max(1, retention.fewest / 50) else { return nil }
        let all = state.log.all
        let spared = all[all.startIndex + surplus - 1].revision
        var old = state.compacted
        while let first = marks.first, now.since(first.at) >= retention.age {
            old = first.revision
            if marks.count > 1, now.since(marks[1].at) >= retention.age { marks.removeFirst() } else { break }
        }
        var through = min(spared, old)
        if state.log.count > retention.most {
            let excess = min(surplus, state.log.count - retention.most + retention.most / 10)
            through = max(through, all[all.startIndex + excess - 1].revision)
        }
        return through > state.compacted ? through : nil
    }

    /// Through which revision history must go for its bytes, whatever its age: down to nine tenths of the bound.
    private func excess(_ state: StoreState) -> Revision? {
        guard state.log.valueBytes > retention.mostBytes else { return nil }
        var left = state.log.valueBytes
        for event in state.log.all {
            left -= event.entry?.value.count ?? 0
            if left <= retention.mostBytes / 10 * 9 { return event.revision }
        }
        return nil
    }
}
