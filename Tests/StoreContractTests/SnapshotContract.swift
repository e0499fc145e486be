import Testing
import TidemillSeams
import TidemillStore

/// A snapshot is one revision, and holds nobody up.
@Suite(.timeLimit(.minutes(2)))
struct SnapshotContract {
    @Test(arguments: StoreUnderTest.allCases)
    func `a snapshot has every entry, and later writes change nothing of it`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            try await store.put("b", "1")
            try await store.put("a", "1")
            try await store.delete("b")
            let revision = try await store.put("c", "1")
            let snapshot = try await store.snapshot()
            try await store.put("a", "2")
            try await store.delete("c")
            #expect(snapshot.revision == revision)
            #expect(snapshot.identity == store.identity)
            #expect(snapshot.entries.all.map(\.key) == ["a", "c"])
            #expect(snapshot.entries.all.map(\.text) == ["1", "1"])
            let listed = try await store.list(prefix: "", after: nil, limit: nil, at: revision).entries
            #expect(Array(snapshot.entries.all) == listed)
        }
    }

    /// Writers move ten keys together; a snapshot that shows two of them at different steps is torn.
    @Test(arguments: StoreUnderTest.allCases)
    func `snapshots under concurrent writes show each transaction whole`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for step in 0..<40 {
                            let writes = (0..<10).map { key in
                                Transaction.Write.put("k/\(writer)/\(key)", Array("\(step)".utf8))
                            }
                            try await store.commit(Transaction(writes: writes))
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<60 {
                        let snapshot = try await store.snapshot()
                        var steps: [String: Set<String>] = [:]
                        #expect(snapshot.entries.all.allSatisfy { $0.revision <= snapshot.revision })
                        for entry in snapshot.entries.all {
                            steps[String(entry.key.prefix(4)), default: []].insert(entry.text)
                        }
                        for (writer, values) in steps { #expect(values.count == 1, "\(writer): \(values)") }
                        await Task.yield()
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
