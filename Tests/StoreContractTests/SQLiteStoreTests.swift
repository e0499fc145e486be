import Foundation
import Testing
import TidemillSQLiteStore
import TidemillSeams
import TidemillStore

/// What the file adds to the contract: it outlives the process.
@Suite(.timeLimit(.minutes(2)))
struct SQLiteStoreTests {
    @Test
    func `everything is there again after a restart, at the revisions it had`() async throws {
        try await withFolder { folder in
            let before = try await SQLiteStore.open(folder: folder)
            try await before.put("a", "1")
            try await before.put("b", "1")
            try await before.put("a", "2")
            try await before.delete("b")
            let entry = try await before.get("a")
            let revision = await before.currentRevision()
            await before.close()

            let after = try await SQLiteStore.open(folder: folder, seed: 2)
            #expect(try await after.get("a") == entry)
            #expect(try await after.keys("") == ["a"])
            #expect(await after.currentRevision() == revision)
            #expect(try await after.put("c", "1").rawValue == revision.rawValue + 1)
            await after.close()
        }
    }

    @Test
    func `the revision does not go back when all that is left of it was compacted`() async throws {
        try await withFolder { folder in
            let before = try await SQLiteStore.open(folder: folder)
            try await before.put("a", "1")
            let last = try await before.delete("a")
            try await before.compact(before: Revision(last.rawValue + 1))
            await before.close()
            let after = try await SQLiteStore.open(folder: folder)
            #expect(await after.currentRevision() == last)
            await #expect(throws: StoreError.expired(oldest: last)) {
                _ = try await after.watch(prefix: "", after: Revision(last.rawValue - 1))
            }
            await after.close()
        }
    }

    @Test
    func `a watch goes on after a restart from the revision that it had reached`() async throws {
        try await withFolder { folder in
            let before = try await SQLiteStore.open(folder: folder)
            try await before.put("a", "0")
            let seen = try await before.put("a", "1")
            try await before.commit(Transaction(writes: [.put("a", Array("2".utf8)), .put("b", Array("2".utf8))]))
            try await before.delete("a")
            await before.close()
            let after = try await SQLiteStore.open(folder: folder)
            let watch = try await after.watch(prefix: "", after: seen)
            try await after.put("a", "3")
            #expect(try await watch.lines(4) == ["put a=2 (was 1)", "put b=2", "delete a (was 2)", "put a=3"])
            #expect(try await after.keys("", at: seen) == ["a"])
            await after.close()
        }
    }

    @Test
    func `compaction keeps every entry and what the remaining history needs`() async throws {
        try await withFolder { folder in
            let before = try await SQLiteStore.open(folder: folder)
            for number in 0..<20 { try await before.put("k/\(number % 4)", "\(number)") }
            try await before.delete("k/0")
            let cut = try await before.put("k/1", "cut")
            try await before.put("k/2", "late")
            try await before.compact(before: cut)
            let listed = try await before.list(prefix: "", after: nil, limit: nil, at: nil).entries
            await before.close()
            let after = try await SQLiteStore.open(folder: folder)
            #expect(try await after.list(prefix: "", after: nil, limit: nil, at: nil).entries == listed)
            let watch = try await after.watch(prefix: "", after: Revision(cut.rawValue - 1))
            #expect(try await watch.lines(2) == ["put k/1=cut (was 17)", "put k/2=late (was 18)"])
            await after.close()
        }
    }

    @Test
    func `old history goes by itself, and the file holds no more than the memory does`() async throws {
        try await withFolder { folder in
            let retention = Retention(fewest: 50, most: 100)
            let before = try await SQLiteStore.open(folder: folder, retention: retention)
            let first = try await before.put("k/0", "first")
            for number in 0..<500 { try await before.put("k/\(number % 7)", "\(number)") }
            await #expect { _ = try await before.watch(prefix: "", after: first) } throws: { $0.isExpired }
            let current = await before.currentRevision()
            _ = try await before.watch(prefix: "", after: Revision(current.rawValue - 50))
            let listed = try await before.list(prefix: "", after: nil, limit: nil, at: nil).entries
            await before.close()
            #expect(try rows(in: folder) <= 100 + 7)
            let after = try await SQLiteStore.open(folder: folder, retention: retention)
            #expect(try await after.list(prefix: "", after: nil, limit: nil, at: nil).entries == listed)
            await after.close()
        }
    }

    @Test
    func `the incarnation stays, and each start is noted with its first revision`() async throws {
        try await withFolder { folder in
            let first = try await SQLiteStore.open(folder: folder, seed: 1)
            let revision = try await first.put("a", "1")
            await first.close()
            let second = try await SQLiteStore.open(folder: folder, seed: 2)
            #expect(second.identity.incarnation == first.identity.incarnation)
            #expect(second.identity.base == 0)
            #expect(second.identity.start != first.identity.start)
            #expect(second.identity.starts.map(\.id) == [first.identity.start, second.identity.start])
            #expect(second.identity.starts.last?.firstRevision == Revision(revision.rawValue + 1))
            await second.close()
        }
    }

    @Test
    func `what was acknowledged is in the files although nobody closed the store`() async throws {
        try await withFolder { folder in
            try await withFolder { copy in
                let store = try await SQLiteStore.open(folder: folder)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<16 {
                        group.addTask { for step in 0..<25 { try await store.put("k/\(writer)/\(step)", "\(step)") } }
                    }
                    try await group.waitForAll()
                }
                for file in ["store.sqlite", "store.sqlite-wal"] {
                    try FileManager.default.copyItem(atPath: "\(folder)/\(file)", toPath: "\(copy)/\(file)")
                }
                let copied = try await SQLiteStore.open(folder: copy)
                #expect(try await copied.keys("k/").count == 400)
                #expect(await copied.currentRevision() == (await store.currentRevision()))
                await copied.close()
                await store.close()
            }
        }
    }

    @Test
    func `a second store on the folder is refused until the first one is gone`() async throws {
        try await withFolder { folder in
            let first = try await SQLiteStore.open(folder: folder)
            await #expect { _ = try await SQLiteStore.open(folder: folder) } throws: { error in
                if case .failed(let message) = error as? StoreError {
                    message.contains("in use by another controller")
                } else {
                    false
                }
            }
            await first.close()
            await (try await SQLiteStore.open(folder: folder)).close()
        }
    }

    @Test
    func `a closed store refuses everything, and its watches end`() async throws {
        try await withFolder { folder in
            let store = try await SQLiteStore.open(folder: folder)
            let watch = try await store.watch(prefix: "", after: nil)
            await store.close()
            await #expect(throws: StoreError.closed) { try await store.put("a", "1") }
            await #expect(throws: StoreError.closed) { _ = try await store.get("a") }
            await #expect(throws: StoreError.closed) { _ = try await watch.lines(1) }
        }
    }

    @Test
    func `writes that are under way when the store closes are done or refused, never half`() async throws {
        try await withFolder { folder in
            let store = try await SQLiteStore.open(folder: folder)
            let done = await withTaskGroup(of: String?.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do throws(StoreError) {
                            try await store.put("k/\(number)", "1")
                            return "k/\(number)"
                        } catch {
                            return nil
                        }
                    }
                }
                _ = await group.next()
                await store.close()
                return await group.reduce(into: Set<String>()) { if let key = $1 { $0.insert(key) } }
            }
            let after = try await SQLiteStore.open(folder: folder)
            #expect(done.isSubset(of: try await after.keys("k/")))
            await after.close()
        }
    }

    @Test
    func `a damaged file is reported as such`() async throws {
        try await withFolder { folder in
            try Data(repeating: 0x5A, count: 8192).write(to: URL(fileURLWithPath: folder + "/store.sqlite"))
            await #expect { _ = try await SQLiteStore.open(folder: folder) } throws: { error in
                if case .corrupt = error as? StoreError { true } else { false }
            }
        }
    }

    @Test
    func `the files are for their owner only`() async throws {
        try await withFolder { folder in
            let store = try await SQLiteStore.open(folder: folder)
            try await store.put("a", "1")
            for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(file)")
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(file)")
            }
            await store.close()
        }
    }
}
