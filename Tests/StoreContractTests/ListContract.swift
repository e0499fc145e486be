import Testing
import TidemillSeams
import TidemillStore

/// What every engine promises about lists and snapshots.
@Suite("Store contract: list", .timeLimit(.minutes(2)))
struct ListContract {
    @Test(arguments: StoreUnderTest.allCases)
    func `a list holds what starts with the prefix, in key order`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            for key in ["b/2", "a/10", "a/1", "a", "a0", "b/", "a/1/x", "A/1", "a-"] { try await store.put(key, key) }
            #expect(try await store.keys("a/") == ["a/1", "a/1/x", "a/10"])
            #expect(try await store.keys("b/") == ["b/", "b/2"])
            #expect(try await store.keys("") == ["A/1", "a", "a-", "a/1", "a/1/x", "a/10", "a0", "b/", "b/2"])
            #expect(try await store.keys("c") == [])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `pages of one snapshot hold every key once, whatever is written meanwhile`(engine: StoreUnderTest) async throws
    {
        try await engine.open { store in
            let keys = (0..<1300).map { "k/\(1000 + $0 * 7 % 1300)" }
            for start in stride(from: 0, to: keys.count, by: 100) {
                let writes = keys[start..<start + 100].map { Transaction.Write.put($0, [1]) }
                try await store.commit(Transaction(writes: writes))
            }
            var listed: [Entry] = []
            var snapshot: Revision?
            while true {
                let page = try await store.list(prefix: "k/", after: listed.last?.key, limit: 128, at: snapshot)
                snapshot = snapshot ?? page.revision
                #expect(page.revision == snapshot)
                listed += page.entries
                #expect(page.remaining == keys.count - listed.count)
                #expect(page.more == (page.remaining > 0))
                if !page.more { break }
                try await store.delete(listed[listed.count / 2].key)
                try await store.put(listed[0].key, "changed")
                try await store.put("k/\(2400 - listed.count)/new", "new")
                try await store.delete("k/\(2299 - listed.count / 100)")
            }
            #expect(listed.map(\.key) == keys.sorted())
            #expect(listed.allSatisfy { $0.value == [1] })
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a past snapshot shows what was there`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            try await store.put("k/a", "1")
            let early = try await store.put("k/b", "1")
            try await store.put("k/a", "2")
            try await store.delete("k/b")
            let late = try await store.put("k/c", "1")
            let past = try await store.list(prefix: "k/", after: nil, limit: nil, at: early)
            #expect(past.entries.map { "\($0.key)=\($0.text)" } == ["k/a=1", "k/b=1"])
            #expect(past.revision == early)
            #expect(try await store.keys("k/", at: late) == ["k/a", "k/c"])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a snapshot to come is Future, a compacted one is Expired`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let first = try await store.put("a", "1")
            let second = try await store.put("a", "2")
            let third = try await store.put("a", "3")
            await #expect(throws: StoreError.future(current: third)) {
                _ = try await store.list(prefix: "", after: nil, limit: nil, at: Revision(third.rawValue + 1))
            }
            try await store.compact(before: third)
            await #expect(throws: StoreError.expired(oldest: second)) {
                _ = try await store.list(prefix: "", after: nil, limit: nil, at: first)
            }
            #expect(try await store.keys("", at: second) == ["a"])
            #expect(try await store.text("a") == "3")
            await #expect { try await store.compact(before: Revision(third.rawValue + 2)) } throws: { $0.isFuture }
        }
    }

    @Test(arguments: StoreUnderTest.allCases, [1, 2, 3] as [UInt64])
    func `a random history reads like the model of it, now and at every snapshot`(
        engine: StoreUnderTest, seed: UInt64
    ) async throws {
        try await engine.open { store in
            var dice = SeededGenerator(seed: seed)
            var model: [String: String] = [:]
            var snapshots: [(Revision, [String: String])] = []
            for step in 0..<400 {
                var writes: [Transaction.Write] = []
                for key in Set(
                    (0..<Int.random(in: 1...4, using: &dice)).map { _ in Int.random(in: 0..<60, using: &dice) })
                {
                    let name = "k/\(key)"
                    if Int.random(in: 0..<3, using: &dice) == 0 {
                        writes.append(.delete(name))
                        model[name] = nil
                    } else {
                        writes.append(.put(name, Array("\(step)".utf8)))
                        model[name] = "\(step)"
                    }
                }
                snapshots.append((try await store.commit(Transaction(writes: writes)), model))
            }
            for (revision, then) in snapshots {
                let listing = try await store.list(prefix: "k/", after: nil, limit: nil, at: revision)
                #expect(listing.entries.map(\.key) == then.keys.sorted(), "snapshot \(revision)")
                #expect(Dictionary(uniqueKeysWithValues: listing.entries.map { ($0.key, $0.text) }) == then)
            }
        }
    }
}
