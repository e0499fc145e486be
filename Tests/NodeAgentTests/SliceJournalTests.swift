import Foundation
import Testing
import TidemillModel
import TidemillNodeAgent
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSQLite
import TidemillSeams

@Suite("SliceJournal")
final class SliceJournalTests {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "journal-\(ProcessInfo.processInfo.globallyUniqueString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        // A folder that stays behind is the system's to clean.
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func journal() -> SliceJournal { SliceJournal(path: folder + "/journal.sqlite") }

    /// What an agent does that is gone afterwards.
    private func before(_ act: (SliceJournal) async throws -> Void) async throws { try await act(journal()) }

    /// What lies in the folder, by name.
    private func files() throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: folder + "/" + $0))) })
    }

    @Test func `what was put is there for another agent, in its newest form`() async throws {
        try await before { first in
            try await first.put(Scene.held(.preparing))
            try await first.put(Scene.held(.active(Scene.task)))
            try await first.save(SliceMemory(incarnation: IncarnationID("i1")))
        }
        let contents = try await journal().load()
        #expect(contents.held == [Scene.held(.active(Scene.task))])
        #expect(contents.memory.incarnation == IncarnationID("i1"))
        #expect(contents.released.isEmpty)
    }

    /// On a full disk there is room for no block more.
    @Test func `a journal that is there is opened without a byte written`() async throws {
        try await before { try await $0.put(Scene.held(.preparing)) }
        let found = try files()
        let later = journal()
        #expect(try await later.load().held == [Scene.held(.preparing)])
        #expect(try files().filter { !$0.value.isEmpty } == found)
        withExtendedLifetime(later) {}
    }

    @Test func `a journal has one user`() async throws {
        let first = journal()
        try await first.put(Scene.held(.preparing))
        let other = try SQLiteConnection(path: folder + "/journal.sqlite")
        #expect(throws: SQLiteError.self) { try other.execute("SELECT * FROM held") }
        withExtendedLifetime(first) {}
    }

    @Test func `what a core and its heartbeats remember is there for another agent`() async throws {
        let note = AliveNote(
            bootID: Scene.boot, instant: Scene.instant(7), wall: Scene.wall(8), slices: [Scene.key])
        let memory = SliceMemory(
            incarnation: Scene.life, killTimes: KillTimes(recent: [.milliseconds(300)]), alive: note)
        let beats = HeartbeatMemory(
            seen: .init(incarnation: Scene.life, startID: StartID("s"), revision: 7), starts: ["b", "a"])
        try await before { first in
            #expect(try await first.load() == SliceJournal.Contents())
            try await first.save(memory)
            try await first.save(beats)
        }
        let contents = try await journal().load()
        #expect(contents.memory == memory && contents.heartbeats == beats)
    }

    @Test func `a closed slice is held no more and its epoch stays known`() async throws {
        let released = Scene.held(.released(.init(startedAt: nil, releasedAt: Scene.wall(1), outcome: nil)))
        try await before { first in
            try await first.put(released)
            try await first.close(released)
        }
        let contents = try await journal().load()
        #expect(contents.held.isEmpty)
        #expect(contents.released == [released])
    }

    @Test func `closing an old grant leaves a newer one of the same slice alone`() async throws {
        let first = journal()
        try await first.put(Scene.held(.prepared, grant: Scene.grant(epoch: 2)))
        try await first.close(Scene.held(.prepared, grant: Scene.grant(epoch: 1)))
        #expect(try await first.load().held.map(\.grant.epoch) == [Epoch(2)])
    }

    @Test func `a file that is no journal is refused`() async throws {
        let path = folder + "/journal.sqlite"
        try Data(repeating: 0x55, count: 4096).write(to: URL(fileURLWithPath: path))
        await #expect(throws: (any Error).self) { _ = try await self.journal().load() }
    }
}
