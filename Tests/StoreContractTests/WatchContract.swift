import Testing
import TidemillSeams
import TidemillStore

/// What every engine promises about watches (invariant 9).
@Suite("Store contract: watch", .timeLimit(.minutes(2)))
struct WatchContract {
    @Test(arguments: StoreUnderTest.allCases)
    func `a watch from now sees what comes, and what was there before each change`(engine: StoreUnderTest) async throws
    {
        try await engine.open { store in
            try await store.put("k/a", "0")
            let watch = try await store.watch(prefix: "k/", after: nil)
            try await store.put("k/a", "1")
            try await store.put("other", "1")
            try await store.put("k/b", "1")
            try await store.delete("k/a")
            #expect(try await watch.lines(3) == ["put k/a=1 (was 0)", "put k/b=1", "delete k/a (was 1)"])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a watch from a revision starts strictly after it`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let start = try await store.put("a", "1")
            try await store.put("a", "2")
            try await store.put("a", "3")
            let watch = try await store.watch(prefix: "", after: start)
            try await store.put("a", "4")
            #expect(try await watch.lines(3) == ["put a=2 (was 1)", "put a=3 (was 2)", "put a=4 (was 3)"])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a reader that waits is woken`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let watch = try await store.watch(prefix: "", after: nil)
            async let lines = watch.lines(2)
            // Its progress shows that the reader has polled, found nothing, and is at its bell.
            await watch.requestProgress()
            try await store.put("a", "1")
            #expect(try await lines.contains("put a=1"))
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `progress comes after every change that was committed before`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let watch = try await store.watch(prefix: "k/", after: nil)
            try await store.put("k/a", "1")
            let last = try await store.put("other", "1")
            await watch.requestProgress()
            var iterator = watch.makeAsyncIterator()
            #expect(try await iterator.next()?.line == "put k/a=1")
            #expect(try await iterator.next() == .progress(last))
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `several watchers under concurrent writes see every change once and in order`(
        engine: StoreUnderTest
    ) async throws {
        try await engine.open { store in
            let writers = 8
            let each = 40
            let seen = try await withThrowingTaskGroup(of: [WatchEvent].self) { group in
                for number in 0..<4 {
                    let prefix = number == 3 ? "k/0/" : "k/"
                    let watch = try await store.watch(prefix: prefix, after: nil)
                    group.addTask { try await changes(watch, number == 3 ? each : writers * each) }
                }
                for writer in 0..<writers {
                    group.addTask {
                        for step in 0..<each { try await store.put("k/\(writer)/\(step % 5)", "\(step)") }
                        return []
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }.filter { !$0.isEmpty }
            }
            #expect(seen.map(\.count).sorted() == [each, writers * each, writers * each, writers * each])
            for events in seen {
                let revisions = events.map(\.revision)
                #expect(zip(revisions, revisions.dropFirst()).allSatisfy { $0 < $1 })
                var last: [String: Entry] = [:]
                for event in events {
                    #expect(event.previous == last[event.key])
                    last[event.key] = event.entry
                }
            }
        }
    }

    private func changes(_ watch: Watch, _ count: Int) async throws -> [WatchEvent] {
        var events: [WatchEvent] = []
        var iterator = watch.makeAsyncIterator()
        while events.count < count, case .change(let event)? = try await iterator.next() { events.append(event) }
        return events
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a watch from a compacted revision is Expired, one from the oldest that is left is not`(
        engine: StoreUnderTest
    ) async throws {
        try await engine.open { store in
            let first = try await store.put("a", "1")
            let second = try await store.put("a", "2")
            let third = try await store.put("a", "3")
            try await store.compact(before: third)
            await #expect(throws: StoreError.expired(oldest: second)) {
                _ = try await store.watch(prefix: "", after: first)
            }
            await #expect(throws: StoreError.future(current: third)) {
                _ = try await store.watch(prefix: "", after: Revision(third.rawValue + 1))
            }
            let watch = try await store.watch(prefix: "", after: second)
            #expect(try await watch.lines(1) == ["put a=3 (was 2)"])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a reader that is overtaken by compaction gets Expired, one of other keys does not`(
        engine: StoreUnderTest
    ) async throws {
        try await engine.open { store in
            let slow = try await store.watch(prefix: "a", after: nil)
            let idle = try await store.watch(prefix: "b", after: nil)
            try await store.put("a", "1")
            let last = try await store.put("a", "2")
            try await store.compact(before: Revision(last.rawValue + 1))
            await #expect { try await slow.lines(1) } throws: { $0.isExpired }
            try await store.put("b", "1")
            #expect(try await idle.lines(1) == ["put b=1"])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a reader whose task is cancelled comes to an end`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let watch = try await store.watch(prefix: "", after: nil)
            let ended = try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    var iterator = watch.makeAsyncIterator()
                    while let element = try await iterator.next() {
                        if case .progress = element { continue }
                    }
                    return true
                }
                await watch.requestProgress()
                group.cancelAll()
                return try await group.next()
            }
            #expect(ended == true)
        }
    }
}
