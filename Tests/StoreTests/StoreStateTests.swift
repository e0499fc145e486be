import Testing
import TidemillSeams
import TidemillStore

@Suite
struct SortedEntriesTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `random changes leave what a sorted dictionary would hold`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var entries = SortedEntries()
        var model: [String: Int64] = [:]
        for step in 1...6000 {
            let key = "k/\(Int.random(in: 0..<3000, using: &dice))"
            if Int.random(in: 0..<3, using: &dice) == 0 {
                entries.remove(key)
                model[key] = nil
            } else {
                let revision = Revision(Int64(step))
                entries.set(Entry(key: key, value: [], created: revision, revision: revision))
                model[key] = revision.rawValue
            }
        }
        #expect(entries.count == model.count)
        let all = entries.entries(prefix: "", after: nil, limit: .max)
        #expect(all.page.map(\.key) == model.keys.sorted())
        #expect(all.page.filter { model[$0.key] != $0.revision.rawValue }.isEmpty)
        for key in model.keys.prefix(100) { #expect(entries[key]?.revision.rawValue == model[key]) }
        let tail = entries.entries(prefix: "k/2", after: "k/25", limit: 10)
        let wanted = model.keys.filter { $0.hasPrefix("k/2") && $0 > "k/25" }.sorted()
        #expect(tail.page.map(\.key) == Array(wanted.prefix(10)))
        #expect(tail.remaining == max(0, wanted.count - 10))
    }
}

@Suite
struct RetentionTests {
    /// A state with `count` changes, of which `seconds` passed between two.
    private func cuts(_ retention: Retention, count: Int, every seconds: Int64) -> (last: Revision?, state: StoreState)
    {
        var state = StoreState()
        var marks = RetentionMarks(retention)
        var last: Revision?
        for number in 0..<count {
            let revision = Revision(state.revision.rawValue + 1)
            let entry = Entry(key: "k", value: [], created: revision, revision: revision)
            state.apply([WatchEvent(revision: revision, key: "k", entry: entry, previous: state.get("k"))])
            let now = Instant(nanoseconds: Int64(number) * seconds * 1_000_000_000)
            if let through = marks.cut(state, now: now) {
                state.compact(through: through)
                last = through
            }
        }
        return (last, state)
    }

    @Test
    func `young history stays, up to the most`() {
        let (last, state) = cuts(Retention(fewest: 10, most: 100, age: .seconds(300)), count: 90, every: 1)
        #expect(last == nil)
        #expect(state.log.count == 90)
        let full = cuts(Retention(fewest: 10, most: 100, age: .seconds(300)), count: 250, every: 0)
        #expect(full.last != nil)
        #expect((90...100).contains(full.state.log.count))
    }

    @Test
    func `old history goes, down to the fewest`() {
        let (last, state) = cuts(Retention(fewest: 10, most: 1000, age: .seconds(300)), count: 200, every: 10)
        #expect(last != nil)
        // 300 s are 30 changes; a mark every 10 s allows two more.
        #expect((30...33).contains(state.log.count))
        let slow = cuts(Retention(fewest: 50, most: 1000, age: .seconds(300)), count: 200, every: 100)
        #expect((50...51).contains(slow.state.log.count))
    }

    @Test
    func `large values leave no more history than its bytes allow`() {
        var state = StoreState()
        var marks = RetentionMarks(Retention(fewest: 10, most: 1000, mostBytes: 10_000))
        for number in 1...200 {
            let revision = Revision(Int64(number))
            let entry = Entry(key: "k", value: Array(repeating: 0, count: 1_000), created: revision, revision: revision)
            state.apply([WatchEvent(revision: revision, key: "k", entry: entry, previous: state.get("k"))])
            if let through = marks.cut(state, now: Instant(nanoseconds: 0)) { state.compact(through: through) }
            #expect(state.log.valueBytes == state.log.count * 1_000)
            #expect(state.log.valueBytes <= 10_000)
        }
        #expect(state.get("k")?.value.count == 1_000, "history goes, never what is there")
    }
}

@Suite
struct WatchHubTests {
    @Test
    func `watchers whose reader is gone are forgotten`() {
        var hub = WatchHub()
        let state = StoreState()
        for _ in 0..<63 { _ = hub.add(prefix: "k/", after: state.revision, state: state) }
        let kept = hub.add(prefix: "k/", after: state.revision, state: state)
        #expect(hub.count == 64)
        _ = hub.add(prefix: "k/", after: state.revision, state: state)
        #expect(hub.count == 2)
        withExtendedLifetime(kept) {}
    }

    @Test
    func `a change rings for those whom it concerns, also when it leaves their topic`() async throws {
        var hub = WatchHub()
        var state = StoreState(topics: { _, value in [String(decoding: value, as: UTF8.self)] })
        var bells: [String: AsyncStream<Void>] = [:]
        for topic in ["a", "b", "c"] {
            bells[topic] = hub.add(prefix: "k/", topic: topic, after: state.revision, state: state).bell
        }
        bells["all"] = hub.add(prefix: "k/", after: state.revision, state: state).bell
        bells["other"] = hub.add(prefix: "l/", topic: "a", after: state.revision, state: state).bell
        for topic in ["a", "b"] {
            var batch = CommitBatch(after: state.revision)
            _ = try batch.add(Transaction(writes: [.put("k/1", Array(topic.utf8))]), to: state)
            state.apply(batch.changes)
            hub.publish(batch.changes)
        }
        hub.close()
        var rung: Set<String> = []
        for (name, bell) in bells { for await _ in bell { rung.insert(name) } }
        #expect(rung == ["a", "b", "all"])
    }

    @Test
    func `a watcher of a topic is handed what is of it, or was`() throws {
        var hub = WatchHub()
        var state = StoreState(topics: { _, value in [String(decoding: value, as: UTF8.self)] })
        let watcher = hub.add(prefix: "k/", topic: "a", after: state.revision, state: state)
        for topic in ["a", "b", "c", "a"] {
            var batch = CommitBatch(after: state.revision)
            _ = try batch.add(Transaction(writes: [.put("k/1", Array(topic.utf8))]), to: state)
            state.apply(batch.changes)
            hub.publish(batch.changes)
        }
        let seen = try hub.poll(watcher.id, state: state).map { element in
            guard case .change(let event) = element else { return "progress" }
            return String(decoding: event.entry?.value ?? [], as: UTF8.self)
        }
        #expect(seen == ["a", "b", "a"])
    }

    @Test
    func `a reader of a topic is told how far it is when something happened to the topic, or much elsewhere`() throws {
        var hub = WatchHub()
        var state = StoreState(topics: { _, value in [String(decoding: value, as: UTF8.self)] })
        let watcher = hub.add(prefix: "k/", topic: "a", after: state.revision, state: state)
        let other = hub.add(prefix: "l/", topic: "a", after: state.revision, state: state)
        func put(_ key: String, _ value: String) throws {
            var batch = CommitBatch(after: state.revision)
            _ = try batch.add(Transaction(writes: [.put(key, Array(value.utf8))]), to: state)
            state.apply(batch.changes)
            hub.publish(batch.changes)
        }
        func told() throws -> [WatchElement] {
            hub.requestProgress(of: watcher.id, onlyIfDue: true, at: state.revision)
            return try hub.poll(watcher.id, state: state)
        }
        #expect(try told() == [.progress(state.revision)], "the first time")
        try put("k/1", "b")
        #expect(try told() == [])
        try put("l/1", "a")
        #expect(try told() == [.progress(state.revision)], "its topic, under another prefix")
        #expect(try told() == [])
        for _ in 0...5_000 { try put("k/1", "b") }
        #expect(try told() == [.progress(state.revision)])
        hub.requestProgress(of: watcher.id, onlyIfDue: false, at: state.revision)
        #expect(try hub.poll(watcher.id, state: state) == [.progress(state.revision)])
        withExtendedLifetime((watcher, other)) {}
    }
}
