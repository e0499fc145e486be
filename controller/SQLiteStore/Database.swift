import Glibc
import TidemillSQLite
import TidemillSeams
import TidemillStore

/// The file beneath a SQLiteStore. Every call blocks, so the actor has a thread of its own.
///
/// The file holds the changes themselves, one row each: the last row of a key is its entry, earlier ones are history.
/// A commit only appends; compaction deletes superseded rows and deletions that nobody can ask for any more.
actor Database {
    private let executor = BlockingExecutor(label: "tidemill.store")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let path: String
    private var session: Session?

    /// What is there between open and close.
    private struct Session {
        let connection: SQLiteConnection
        let insert: SQLiteStatement
        let delete: SQLiteStatement
        let setMeta: SQLiteStatement
        let base: Int64

        func remove(_ key: String, at revision: Revision) throws(SQLiteError) {
            let first = Database.firstRow(of: revision, base: base)
            try delete.run(.integer(first), .integer(first + Database.rowsPerRevision - 1), .text(key))
        }
    }

    init(path: String) {
        self.path = path
    }

    /// Opens or makes the file, reads all of it, and notes the start.
    ///
    /// - Parameter incarnation: the name of this life, should the file be new.
    func open(
        start: StartID, incarnation: IncarnationID
    ) throws(StoreError) -> (identity: StoreIdentity, state: StoreState) {
        try makePrivate()
        do throws(SQLiteError) {
            let connection = try SQLiteConnection(path: path)
            for setting in Self.settings { try connection.execute(setting) }
            try Self.checkDurability(connection)
            try connection.transaction { () throws(SQLiteError) in try connection.execute(Self.schema) }
            let setMeta = try connection.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)")
            if try Self.meta("format", connection) == nil {
                try connection.transaction { () throws(SQLiteError) in
                    try setMeta.run("incarnation", .text(incarnation.rawValue))
                    try setMeta.run("base", 0)
                    try setMeta.run("compacted", 0)
                    try setMeta.run("format", .integer(Self.format))
                }
            }
            session = Session(
                connection: connection,
                insert: try connection.prepare("INSERT INTO changes (row, key, value, created) VALUES (?, ?, ?, ?)"),
                delete: try connection.prepare("DELETE FROM changes WHERE row BETWEEN ? AND ? AND key = ?"),
                setMeta: setMeta,
                base: try Self.meta("base", connection)?.number ?? 0)
            guard try Self.meta("format", connection)?.number == Self.format else {
                throw SQLiteError(code: 1, message: "the file was written by a newer version of Tidemill")
            }
            let loaded = try Self.load(connection)
            let identity = try Self.append(start, at: loaded.revision, connection)
            return (identity, loaded)
        } catch {
            session = nil
            throw StoreError(error, path: path)
        }
    }

    /// Makes `changes` durable, and forgets history, all or nothing.
    ///
    /// - Parameter forgotten: events of the state's history that end at or before `compacted`.
    func write(
        _ changes: [WatchEvent], forgotten: ArraySlice<WatchEvent>, compacted: Revision?
    ) throws(SQLiteError) {
        guard let session else { throw SQLiteError(code: 21, message: "the store is closed") }
        try session.connection.transaction { () throws(SQLiteError) in
            var place: Int64 = 0
            var revision = Revision(0)
            for change in changes {
                place = change.revision == revision ? place + 1 : 0
                revision = change.revision
                let row = Self.firstRow(of: revision, base: session.base) + place
                let created = (change.entry?.created ?? revision).rawValue - session.base
                try session.insert.run(
                    .integer(row), .text(change.key), change.entry.map { .blob($0.value) } ?? .null, .integer(created))
            }
            guard let compacted else { return }
            for event in forgotten {
                if let previous = event.previous { try session.remove(event.key, at: previous.revision) }
                if event.entry == nil { try session.remove(event.key, at: event.revision) }
            }
            try session.setMeta.run("compacted", .integer(compacted.rawValue - session.base))
        }
    }

    /// Closes the file; later writes throw.
    func close() {
        session = nil
    }

    /// Makes the file readable for its owner only; SQLite gives the files beside it the same mode.
    private func makePrivate() throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            throw .failed("cannot open \(path): \(String(cString: strerror(errno)))")
        }
        Glibc.close(descriptor)
    }
}
