import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing
import TidemillAPIServer
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite(.timeLimit(.minutes(2))) struct BackupRouteTests {
    private static let path = "/admin/v1/backup"

    /// The entries of a whole backup, verified.
    private func entries(_ answer: TestClient.Answer) throws -> (header: BackupHeader, entries: [BackupEntry]) {
        var reader = BackupReader()
        var entries: [BackupEntry] = []
        try reader.read(Array(answer.text.utf8)) { entries.append($0) }
        return (try reader.finish(), entries)
    }

    @Test func `a backup holds every entry as of one revision`() async throws {
        try await withServer { test async throws in
            for name in ["a", "b"] { #expect(try await test.admin.post(Path.jobs, jobText(name)).code == 201) }
            let answer = try await test.admin.get(Self.path)
            #expect(answer.code == 200)
            let backup = try entries(answer)
            let snapshot = try await test.store.snapshot()
            #expect(backup.header.revision == snapshot.revision)
            #expect(backup.header.incarnation == test.store.identity.incarnation)
            #expect(backup.entries.map(\.key) == snapshot.entries.all.map(\.key))
            #expect(backup.entries.map(\.value) == snapshot.entries.all.map(\.value))
            #expect(backup.entries.contains { $0.key.hasSuffix("jobs/default/b") })
        }
    }

    /// Each commit writes both keys with one number.
    @Test func `a backup under concurrent writes is one revision, and writers go on`() async throws {
        try await withServer { test async throws in
            let store = test.store
            let filler = [UInt8](repeating: 7, count: 20_000)
            for index in 0..<20 { _ = try await store.commit(Transaction(writes: [.put("fill/\(index)", filler)])) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for step in 0..<500 {
                        let value = Array("\(step)".utf8)
                        _ = try await store.commit(
                            Transaction(writes: [.put("a/first", value), .put("z/last", value)]))
                        await Task.yield()
                    }
                }
                for _ in 0..<3 {
                    let backup = try entries(try await test.admin.get(Self.path))
                    let pair = backup.entries.filter { $0.key == "a/first" || $0.key == "z/last" }
                    #expect(Set(pair.map(\.value)).count <= 1)
                    #expect(backup.entries.allSatisfy { $0.revision <= backup.header.revision })
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a client that does not read holds nobody up, and nothing is gathered for it`() async throws {
        try await withServer { test async throws in
            let filler = [UInt8](repeating: 7, count: 1_000_000)
            for index in 0..<12 {
                _ = try await test.store.commit(Transaction(writes: [.put("fill/\(index)", filler)]))
            }
            let reader = try await test.client("slow", groups: [Peer.mastersGroup])
            let response = try await reader.stream(.GET, Self.path)
            var body = response.body.makeAsyncIterator()
            _ = try await body.next()
            #expect(try await test.admin.post(Path.jobs, jobText("meanwhile")).code == 201)
            #expect(try await test.admin.get(Path.jobs + "/meanwhile").code == 200)
            // The reader goes on when it likes, and gets the whole of the earlier revision.
            var bytes = 0
            while let chunk = try await body.next() { bytes += chunk.readableBytes }
            #expect(bytes > 15_000_000)
        }
    }

    @Test func `only operators may take a backup, and only read it`() async throws {
        try await withServer { test async throws in
            let agent = try await test.agent("a")
            #expect(try await agent.get(Self.path).code == 403)
            let tenant = try await test.client("tenant", groups: ["lab"])
            #expect(try await tenant.get(Self.path).code == 403)
            #expect(try await test.admin.post(Self.path, "{}").code == 405)
            #expect(try await test.admin.get(Self.path + "/x").code == 404)
        }
    }
}
