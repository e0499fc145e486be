import Foundation
import Testing
import TidemillModel
import TidemillSQLiteStore
import TidemillSeams
import TidemillStore
import TidemillWire

/// A backup of a real file, and what a restore makes of it.
@Suite(.timeLimit(.minutes(2)))
struct StoreRestoreTests {
    /// The backup of a store as bytes.
    private func backup(_ store: any Store) async throws -> [UInt8] {
        let snapshot = try await store.snapshot()
        var lines = BackupWriter()
        var bytes = lines.header(
            BackupHeader(
                incarnation: snapshot.identity.incarnation, ancestors: snapshot.identity.ancestors,
                base: snapshot.identity.base, revision: snapshot.revision))
        for entry in snapshot.entries.all {
            bytes += lines.entry(
                BackupEntry(key: entry.key, value: entry.value, created: entry.created, revision: entry.revision))
        }
        return bytes + lines.footer()
    }

    private func write(_ bytes: [UInt8], _ folder: String) throws -> String {
        let path = folder + "/backup"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func restore(
        _ folder: String, from path: String, seed: UInt64 = 9, word: StoreRestore.Word = StoreRestore.Word()
    ) throws -> StoreRestore.Outcome {
        try StoreRestore(folder: folder, time: StoppedTime(), randomness: Dice(seed: seed))
            .run(from: path, word: word)
    }

    /// Files of a folder with their bytes.
    private func contents(_ folder: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            contents[name] = FileManager.default.contents(atPath: "\(folder)/\(name)")
        }
        return contents
    }

    private func refusal(_ body: () throws -> StoreRestore.Outcome) -> String {
        do {
            return "restored \(try body().entries)"
        } catch StoreError.failed(let message) {
            return message
        } catch {
            return "\(error)"
        }
    }

    /// A store with two nodes and a few changes, closed; its roster knows a third node. Returns its backup.
    private func prepare(_ folder: String) async throws -> (identity: StoreIdentity, backup: [UInt8], entries: [Entry])
    {
        let store = try await SQLiteStore.open(folder: folder, seed: 1)
        for name in ["a", "b"] { try await store.put("tidemill.dev/nodes//\(name)", name) }
        try await store.put("k", "1")
        try await store.put("k", "2")
        try await store.put("gone", "1")
        try await store.delete("gone")
        try await store.commit(Transaction(writes: [.put("x", Array("1".utf8)), .put("y", Array("1".utf8))]))
        let bytes = try await backup(store)
        let entries = try await store.list(prefix: "", after: nil, limit: nil, at: nil).entries
        try await store.put("k", "after the backup")
        let roster = try await RosterFile.open(folder: folder, identity: store.identity, ifMissing: [])
        for name in ["a", "b", "late"] { try await roster.join(NodeID(name)) }
        await store.close()
        return (store.identity, bytes, entries)
    }

    @Test
    func `everything of the backup is there again, lifted, in a new life that knows the old one`() async throws {
        try await withFolder { folder in
            let old = try await prepare(folder)
            let path = try write(old.backup, folder)
            let outcome = try restore(folder, from: path)
            #expect(outcome.waitsFor == ["a", "b", "late"].map { NodeID($0) })
            let store = try await SQLiteStore.open(folder: folder, seed: 3)
            let lift: Int64 = 1 << 32
            let identity = store.identity
            #expect(identity.incarnation == outcome.incarnation && identity.incarnation != old.identity.incarnation)
            #expect(identity.ancestors == [old.identity.incarnation])
            #expect(identity.base == old.identity.base + lift)
            #expect(identity.starts.map(\.id) == [identity.start])
            let entries = try await store.list(prefix: "", after: nil, limit: nil, at: nil).entries
            let record = try #require(entries.first { $0.key == RestoreRecord.key })
            #expect(entries.filter { $0.key != RestoreRecord.key } == old.entries.map { $0.lifted(by: lift) })
            #expect(await store.currentRevision() == record.revision)
            let resources = Resources(store: store, time: StoppedTime(), randomness: Dice(seed: 4))
            let stored = try #require(try await resources.restoreRecord())
            #expect(stored.record.waitsFor == outcome.waitsFor && stored.record.incarnation == identity.incarnation)
            // Who watched the old life must list anew.
            await #expect { _ = try await store.watch(prefix: "", after: Revision(5)) } throws: { $0.isExpired }
            await store.close()
            let again = try await SQLiteStore.open(folder: folder, seed: 5)
            #expect(again.identity.ancestors == identity.ancestors && again.identity.starts.count == 2)
            await again.close()
        }
    }

    @Test
    func `the old store lies aside, whole, and can be opened`() async throws {
        try await withFolder { folder in
            let old = try await prepare(folder)
            let aside = try #require(try restore(folder, from: try write(old.backup, folder)).aside)
            try await withFolder { other in
                try FileManager.default.copyItem(atPath: aside, toPath: other + "/store.sqlite")
                let store = try await SQLiteStore.open(folder: other, seed: 6)
                #expect(try await store.text("k") == "after the backup")
                #expect(store.identity.incarnation == old.identity.incarnation)
                await store.close()
            }
        }
    }

    @Test
    func `a second restore of one backup is above the life of the first, and knows it`() async throws {
        try await withFolder { folder in
            let old = try await prepare(folder)
            let path = try write(old.backup, folder)
            let first = try restore(folder, from: path, seed: 9)
            let second = try restore(folder, from: path, seed: 10)
            let store = try await SQLiteStore.open(folder: folder, seed: 3)
            #expect(store.identity.incarnation == second.incarnation)
            #expect(store.identity.base == 2 << 32)
            #expect(store.identity.ancestors == [old.identity.incarnation, first.incarnation])
            await store.close()
        }
    }

    @Test
    func `a lost roster does not hide the life that is moved aside`() async throws {
        try await withFolder { folder in
            let old = try await prepare(folder)
            let path = try write(old.backup, folder)
            let first = try restore(folder, from: path, seed: 9)
            try FileManager.default.removeItem(atPath: folder + "/nodes.roster")
            _ = try restore(folder, from: path, seed: 10, word: .init(nodesAreComplete: true))
            let store = try await SQLiteStore.open(folder: folder, seed: 3)
            #expect(store.identity.ancestors == [old.identity.incarnation, first.incarnation])
            #expect(store.identity.base == 2 << 32)
            await store.close()
        }
    }

    @Test
    func `another store's backup is refused, unless this one is given up for it`() async throws {
        try await withFolder { folder in
            try await withFolder { other in
                _ = try await prepare(folder)
                let foreign = try await SQLiteStore.open(folder: other, seed: 77)
                let path = try write(try await backup(foreign), other)
                await foreign.close()
                let before = try contents(folder)
                let said = refusal { try restore(folder, from: path) }
                #expect(said.contains("--other-store") && said.contains("\(foreign.identity.incarnation)"), "\(said)")
                #expect(try contents(folder) == before)
                let outcome = try restore(folder, from: path, word: .init(otherStore: true))
                #expect(outcome.waitsFor == ["a", "b", "late"].map { NodeID($0) })
            }
        }
    }

    @Test
    func `a life that only agents have seen is named by the operator`() async throws {
        try await withFolder { folder in
            let path = try write(try await prepare(folder).backup, folder)
            _ = try restore(folder, from: path, word: .init(after: IncarnationID("seen")))
            let store = try await SQLiteStore.open(folder: folder, seed: 3)
            #expect(store.identity.ancestors.contains(IncarnationID("seen")))
            #expect(store.identity.base > 1 << 42 && store.identity.base < 1 << 43)
            await store.close()
        }
    }

    /// Every way in which a backup can be damaged: nothing of the folder changes.
    @Test(arguments: ["cut", "flipped", "no footer", "an entry less", "empty", "absent", "not ours"])
    func `a damaged backup is refused before anything is touched`(damage: String) async throws {
        try await withFolder { folder in
            var bytes = try await prepare(folder).backup
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
            switch damage {
            case "cut": bytes.removeLast(40)
            case "flipped":
                // A digit of a value: the line stays readable.
                let place = try #require(bytes.lastIndex(of: UInt8(ascii: "M")))
                bytes[place] = UInt8(ascii: "N")
            case "no footer": bytes = Array(lines.dropLast().joined(separator: [0x0A])) + [0x0A]
            case "an entry less": bytes = Array((lines[..<2] + lines[3...]).joined(separator: [0x0A])) + [0x0A]
            case "empty": bytes = []
            case "not ours": bytes = Array("{\"a\":1}\n".utf8)
            default: break
            }
            let path = damage == "absent" ? folder + "/nothing" : try write(bytes, folder)
            let before = try contents(folder)
            let said = refusal { try restore(folder, from: path) }
            #expect(
                damage == "absent" ? said.contains("there is no backup") : said.contains("Nothing was changed"),
                "\(said)")
            #expect(try contents(folder) == before)
        }
    }

    @Test
    func `without a roster a restore is refused, unless the backup names every node`() async throws {
        try await withFolder { folder in
            let path = try write(try await prepare(folder).backup, folder)
            try FileManager.default.removeItem(atPath: folder + "/nodes.roster")
            let before = try contents(folder)
            #expect(refusal { try restore(folder, from: path) }.contains("--nodes-complete"))
            #expect(try contents(folder) == before)
            #expect(
                try restore(folder, from: path, word: .init(nodesAreComplete: true)).waitsFor == [
                    NodeID("a"), NodeID("b"),
                ])
            #expect(try Roster.read(folder: folder)?.nodes == [NodeID("a"), NodeID("b")])
        }
    }

    @Test
    func `a running controller keeps its store`() async throws {
        try await withFolder { folder in
            let path = try write(try await prepare(folder).backup, folder)
            let store = try await SQLiteStore.open(folder: folder, seed: 3)
            #expect(refusal { try restore(folder, from: path) }.contains("in use by another controller"))
            await store.close()
        }
    }

    @Test
    func `no controller starts on a restore that stopped half-way, and running it again completes it`() async throws {
        try await withFolder { folder in
            let path = try write(try await prepare(folder).backup, folder)
            _ = try restore(folder, from: path, seed: 9)
            // As a crash leaves it between the two renames.
            try FileManager.default.moveItem(
                atPath: folder + "/store.sqlite", toPath: folder + "/store.sqlite.restored")
            await #expect { _ = try await SQLiteStore.open(folder: folder) } throws: { error in
                if case .failed(let message) = error as? StoreError { message.contains("run it again") } else { false }
            }
            let outcome = try restore(folder, from: path, seed: 10)
            let store = try await SQLiteStore.open(folder: folder, seed: 3)
            #expect(store.identity.incarnation == outcome.incarnation)
            await store.close()
        }
    }

    @Test
    func `a backup taken during a restore begins a restore of its own`() async throws {
        try await withFolder { folder in
            let path = try write(try await prepare(folder).backup, folder)
            _ = try restore(folder, from: path, seed: 9)
            let restoring = try await SQLiteStore.open(folder: folder, seed: 3)
            let second = try write(try await backup(restoring), folder)
            await restoring.close()
            let outcome = try restore(folder, from: second, seed: 10)
            let store = try await SQLiteStore.open(folder: folder, seed: 4)
            let resources = Resources(store: store, time: StoppedTime(), randomness: Dice(seed: 4))
            #expect(try await resources.restoreRecord()?.record.incarnation == outcome.incarnation)
            await store.close()
        }
    }
}
