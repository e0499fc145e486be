import Testing
import TidemillSeams
import TidemillStore

/// What every engine promises about keys, revisions and transactions.
@Suite("Store contract", .timeLimit(.minutes(2)))
struct StoreContract {
    @Test(arguments: StoreUnderTest.allCases)
    func `a key that nobody wrote has no entry`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let entry = try await store.get("a")
            #expect(entry == nil)
            #expect(await store.currentRevision() >= Revision(1))
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `an entry knows when it was made and when it was written`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let first = try await store.put("a", "1")
            let second = try await store.put("a", "2")
            #expect(second.rawValue == first.rawValue + 1)
            #expect(
                try await store.get("a") == Entry(key: "a", value: Array("2".utf8), created: first, revision: second))
            #expect(await store.currentRevision() == second)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `an empty value is a value`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            try await store.put("a", "")
            #expect(try await store.text("a") == "")
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `all writes of a transaction share one revision`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            try await store.put("gone", "x")
            let writes: [Transaction.Write] = [.put("a", [1]), .put("b", [2]), .delete("gone")]
            let revision = try await store.commit(Transaction(writes: writes))
            #expect(try await store.get("a")?.revision == revision)
            #expect(try await store.get("b")?.revision == revision)
            #expect(try await store.get("gone") == nil)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a stale revision is a conflict, names the current one, and nothing is written`(
        engine: StoreUnderTest
    ) async throws {
        try await engine.open { store in
            let old = try await store.put("a", "1")
            let current = try await store.put("a", "2")
            let stale = Transaction(
                conditions: [.exists("a", revision: old)], writes: [.put("b", [1]), .put("a", [3])])
            await #expect(throws: StoreError.conflict(key: "a", current: current)) { try await store.commit(stale) }
            #expect(try await store.text("a") == "2")
            #expect(try await store.get("b") == nil)
            #expect(await store.currentRevision() == current)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `conditions on presence hold or are conflicts`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let revision = try await store.commit(Transaction(conditions: [.absent("a")], writes: [.put("a", [1])]))
            await #expect(throws: StoreError.conflict(key: "a", current: revision)) {
                try await store.commit(Transaction(conditions: [.absent("a")], writes: [.put("a", [2])]))
            }
            try await store.commit(Transaction(conditions: [.present("a")], writes: [.put("b", [2])]))
            await #expect(throws: StoreError.conflict(key: "c", current: nil)) {
                try await store.commit(Transaction(conditions: [.present("c")], writes: [.put("b", [3])]))
            }
            #expect(try await store.get("b")?.value == [2])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a key that is made again is new`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let first = try await store.put("a", "1")
            try await store.delete("a")
            let again = try await store.put("a", "2")
            #expect(try await store.get("a")?.created == again)
            await #expect(throws: StoreError.conflict(key: "a", current: again)) {
                try await store.commit(Transaction(conditions: [.exists("a", revision: first)], writes: []))
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `what changes nothing takes no revision`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let revision = try await store.put("a", "1")
            #expect(try await store.delete("b") == revision)
            #expect(try await store.commit(Transaction(conditions: [.present("a")])) == revision)
            #expect(await store.currentRevision() == revision)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `a transaction beyond the limits is refused whole`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let writes = (0..<129).map { Transaction.Write.put("key/\($0)", []) }
            await #expect { try await store.commit(Transaction(writes: writes)) } throws: { $0.isTooLarge }
            try await store.commit(Transaction(writes: Array(writes.prefix(128))))
            let large = Transaction(writes: [.put("large", [UInt8](repeating: 0, count: 1_572_865))])
            await #expect { try await store.commit(large) } throws: { $0.isTooLarge }
            #expect(try await store.get("large") == nil)
            #expect(try await store.keys("key/").count == 128)
            await #expect(throws: StoreError.self) {
                try await store.commit(Transaction(writes: [.put("a", [1]), .delete("a")]))
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `of many who make the same key one succeeds`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            let winners: [Int] = await withTaskGroup(of: Int?.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        let make = Transaction(conditions: [.absent("a")], writes: [.put("a", [UInt8(number)])])
                        do throws(StoreError) {
                            _ = try await store.commit(make)
                            return number
                        } catch {
                            return nil
                        }
                    }
                }
                return await group.reduce(into: []) { if let number = $1 { $0.append(number) } }
            }
            #expect(winners.count == 1)
            let made = try await store.get("a")
            #expect(made?.value == winners.map { UInt8($0) })
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `concurrent compare-and-swap loses no step`(engine: StoreUnderTest) async throws {
        try await engine.open { store in
            try await store.put("counter", "0")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask { for _ in 0..<20 { try await increment("counter", in: store) } }
                }
                try await group.waitForAll()
            }
            #expect(try await store.text("counter") == "320")
        }
    }

    private func increment(_ key: String, in store: any Store) async throws {
        while true {
            guard let entry = try await store.get(key), let number = Int(entry.text) else { return }
            let step = Transaction(
                conditions: [.exists(key, revision: entry.revision)],
                writes: [.put(key, Array(String(number + 1).utf8))])
            do throws(StoreError) {
                _ = try await store.commit(step)
                return
            } catch {
                guard case .conflict = error else { throw error }
            }
        }
    }
}

extension Error {
    var isTooLarge: Bool {
        if case .tooLarge = self as? StoreError { true } else { false }
    }

    var isExpired: Bool {
        if case .expired = self as? StoreError { true } else { false }
    }

    var isFuture: Bool {
        if case .future = self as? StoreError { true } else { false }
    }

    var isFull: Bool {
        if case .full = self as? StoreError { true } else { false }
    }
}
