import Foundation
import Testing
import TidemillSQLite
import TidemillSQLiteStore
import TidemillSeams
import TidemillStore

/// A full disk, for real: a small file system in memory.
@Suite("SQLiteStore on a full disk", .enabled(if: geteuid() == 0, "mounting needs root"), .timeLimit(.minutes(2)))
struct FullDiskTests {
    @Test
    func `a full disk refuses writes and serves reads; freed space is used; nothing acknowledged is lost`() async throws
    {
        try await withSmallDisk { folder in
            let store = try await SQLiteStore.open(folder: folder)
            try await store.put("first", "1")
            let ballast = folder + "/ballast"
            try Data(count: 2 << 20).write(to: URL(fileURLWithPath: ballast))

            // Concurrent, so that whole batches fail.
            var acknowledged: Set<String> = ["first"]
            var refused: [any Error] = []
            for round in 0..<40 where refused.isEmpty {
                for (key, error) in await putMany(store, (0..<8).map { "k/\(round)/\($0)" }, bytes: 32 << 10) {
                    if let error { refused.append(error) } else { acknowledged.insert(key) }
                }
            }
            #expect(!refused.isEmpty)
            #expect(refused.filter { !$0.isFull }.isEmpty)
            let revision = await store.currentRevision()
            #expect(try await store.text("first") == "1")
            #expect(Set(try await store.keys("")) == acknowledged)

            try FileManager.default.removeItem(atPath: ballast)
            let next = try await store.put("after", "1")
            #expect(next > revision)
            acknowledged.insert("after")
            await store.close()

            let reopened = try await SQLiteStore.open(folder: folder)
            #expect(Set(try await reopened.keys("")) == acknowledged)
            #expect(await reopened.currentRevision() == next)
            await reopened.close()
        }
    }

    private func putMany(_ store: SQLiteStore, _ keys: [String], bytes: Int) async -> [(String, (any Error)?)] {
        await withTaskGroup(of: (String, (any Error)?).self) { group in
            for key in keys {
                group.addTask {
                    do throws(StoreError) {
                        let write = Transaction.Write.put(key, [UInt8](repeating: 7, count: bytes))
                        try await store.commit(Transaction(writes: [write]))
                        return (key, nil)
                    } catch {
                        return (key, error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func withSmallDisk(_ body: (String) async throws -> Void) async throws {
        try await withFolder { folder in
            try run("/bin/mount", ["-t", "tmpfs", "-o", "size=6m,mode=0700", "tidemill-test", folder])
            do {
                try await body(folder)
            } catch {
                try run("/bin/umount", ["-l", folder])
                throw error
            }
            try run("/bin/umount", ["-l", folder])
        }
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        let process = try Process.run(URL(fileURLWithPath: program), arguments: arguments)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program) \(arguments)")
    }
}

/// How many rows the file of the closed store in `folder` holds.
func rows(in folder: String) throws -> Int {
    let connection = try SQLiteConnection(path: folder + "/store.sqlite", mode: .readOnly)
    return Int(try connection.prepare("SELECT count(*) FROM changes").first { $0.integer(0) } ?? -1)
}
