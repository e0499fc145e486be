import Foundation
import Testing
import TidemillSQLiteStore
import TidemillSeams
import TidemillStore

@Suite struct RosterFileTests {
    private let identity = StoreIdentity(
        incarnation: IncarnationID("life"), base: 0, start: StartID("start"), starts: [])

    private func open(_ folder: String, ifMissing nodes: [String] = []) async throws -> RosterFile {
        try await RosterFile.open(folder: folder, identity: identity, ifMissing: Set(nodes.map { NodeID($0) }))
    }

    private func text(_ folder: String) throws -> String {
        try String(contentsOfFile: folder + "/nodes.roster", encoding: .utf8)
    }

    @Test func `who joined is there after a restart, and who left is not`() async throws {
        try await withFolder { folder in
            let first = try await open(folder)
            for name in ["b", "a", "c"] { try await first.join(NodeID(name)) }
            try await first.join(NodeID("a"))
            try await first.leave(NodeID("c"))
            #expect(try text(folder) == "life life 0\njoin b\njoin a\njoin c\nleave c\n")
            let second = try await open(folder)
            #expect(await second.nodes() == [NodeID("a"), NodeID("b")])
            try await second.join(NodeID("c"))
            #expect(try Roster.read(folder: folder)?.nodes == [NodeID("a"), NodeID("b"), NodeID("c")])
            let mode = try FileManager.default.attributesOfItem(atPath: folder + "/nodes.roster")[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func `a store from before there was a roster gets one with its nodes`() async throws {
        try await withFolder { folder in
            let none = try Roster.read(folder: folder)
            #expect(none == nil)
            let made = try await open(folder, ifMissing: ["a", "b"])
            #expect(await made.nodes() == [NodeID("a"), NodeID("b")])
            // Later the file alone counts.
            let later = try await open(folder, ifMissing: ["z"])
            #expect(await later.nodes() == [NodeID("a"), NodeID("b")])
        }
    }

    @Test func `a torn last line does not count, and spoils nothing that follows`() async throws {
        try await withFolder { folder in
            try Data("life life 0\njoin a\njoin bb".utf8).write(to: URL(fileURLWithPath: folder + "/nodes.roster"))
            let roster = try await open(folder)
            #expect(await roster.nodes() == [NodeID("a")])
            try await roster.join(NodeID("c"))
            #expect(try text(folder) == "life life 0\njoin a\njoin c\n")
        }
    }

    @Test func `a line that makes no sense is damage, not silence`() async throws {
        try await withFolder { folder in
            try Data("life life 0\njion a\njoin b\n".utf8).write(to: URL(fileURLWithPath: folder + "/nodes.roster"))
            await #expect { _ = try await open(folder) } throws: { error in
                if case .corrupt(let message) = error as? StoreError { message.contains("line 2") } else { false }
            }
        }
    }
}
