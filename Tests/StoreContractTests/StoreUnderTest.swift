import Foundation
import Synchronization
import Testing
import TidemillSQLiteStore
import TidemillSeams
import TidemillStore

/// An engine that the contract holds to: a name and a way to a fresh store. An etcd store joins by one more case.
enum StoreUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case memory
    case sqlite

    var testDescription: String { rawValue }

    /// Runs `body` with a fresh store, and removes what it leaves.
    func open(_ body: (any Store) async throws -> Void) async throws {
        switch self {
        case .memory:
            try await body(MemoryStore())
        case .sqlite:
            try await withFolder { folder in
                let store = try await SQLiteStore.open(folder: folder)
                try await body(store)
                await store.close()
            }
        }
    }
}

extension SQLiteStore {
    static func open(
        folder: String, seed: UInt64 = 1, retention: Retention = Retention()
    ) async throws(StoreError) -> SQLiteStore {
        try await open(folder: folder, time: StoppedTime(), randomness: Dice(seed: seed), retention: retention)
    }
}

/// Runs `body` with a new folder, which is removed afterwards.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/tidemill-store-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer {
        // What cannot be removed is the system's to clean.
        try? FileManager.default.removeItem(atPath: folder)
    }
    try await body(folder)
}

/// A clock that stands still.
struct StoppedTime: TimeSource {
    func now() -> Instant { Instant(nanoseconds: 1) }
    func wall() -> WallTime { WallTime(nanosecondsSince1970: 1_795_231_029_000_000_000) }
}

/// Seeded randomness.
final class Dice: Randomness {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) {
        generator = Mutex(SeededGenerator(seed: seed))
    }

    func next() -> UInt64 { generator.withLock { $0.next() } }
}

extension Store {
    @discardableResult
    func put(_ key: String, _ text: String) async throws(StoreError) -> Revision {
        try await commit(Transaction(writes: [.put(key, Array(text.utf8))]))
    }

    @discardableResult
    func delete(_ key: String) async throws(StoreError) -> Revision {
        try await commit(Transaction(writes: [.delete(key)]))
    }

    func text(_ key: String) async throws(StoreError) -> String? {
        try await get(key)?.text
    }

    func keys(_ prefix: String, at revision: Revision? = nil) async throws(StoreError) -> [String] {
        try await list(prefix: prefix, after: nil, limit: nil, at: revision).entries.map(\.key)
    }
}

extension Entry {
    var text: String { String(decoding: value, as: UTF8.self) }
}

extension Watch {
    /// The next `count` elements, each as one line.
    func lines(_ count: Int) async throws -> [String] {
        var iterator = makeAsyncIterator()
        var lines: [String] = []
        while lines.count < count, let element = try await iterator.next() { lines.append(element.line) }
        return lines
    }
}

extension WatchElement {
    /// `put a=1 (was 0)`, `delete a (was 1)`, `progress`.
    var line: String {
        switch self {
        case .progress: "progress"
        case .change(let event):
            (event.entry.map { "put \(event.key)=\($0.text)" } ?? "delete \(event.key)")
                + (event.previous.map { " (was \($0.text))" } ?? "")
        }
    }
}
