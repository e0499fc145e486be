import TidemillSQLite
import TidemillSeams
import TidemillStore

/// How the file is laid out, and how it is read.
extension Database {
    /// Version of the layout, in `meta`.
    static let format: Int64 = 1

    /// A row's number is the engine's revision times this, plus the place of the change within its commit.
    static let rowsPerRevision: Int64 = 256

    /// One writer, which is the only reader too, so the index of the WAL stays in this process's memory. FULL: a commit
    /// has reached the disk when it returns.
    static let settings = [
        "PRAGMA locking_mode = EXCLUSIVE",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA wal_autocheckpoint = 4000",
        "PRAGMA journal_size_limit = 67108864",
        "PRAGMA temp_store = MEMORY",
    ]

    /// SQLite passes over settings that it cannot have; without these two an acknowledged write could be lost (invariant 2).
    static func checkDurability(_ connection: SQLiteConnection) throws(SQLiteError) {
        let journal = try connection.prepare("PRAGMA journal_mode").first { $0.text(0) }
        let synchronous = try connection.prepare("PRAGMA synchronous").first { $0.integer(0) }
        guard journal == "wal", synchronous == 2 else {
            throw SQLiteError(code: 1, message: "this file system cannot hold a write-ahead log (\(journal ?? "none"))")
        }
    }

    /// `changes.value` is NULL for a deletion. Revisions in the file are the engine's own, without `base`.
    static let schema = """
        CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS starts (place INTEGER PRIMARY KEY, id TEXT NOT NULL, first_revision INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS changes (
            row INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB, created INTEGER NOT NULL);
        """

    static func firstRow(of revision: Revision, base: Int64) -> Int64 {
        (revision.rawValue - base) * rowsPerRevision
    }

    /// The lives before this one, as `meta` holds them.
    static func text(of ancestors: [IncarnationID]) -> String {
        ancestors.map(\.rawValue).joined(separator: " ")
    }

    /// A value of `meta`.
    struct Meta {
        var number: Int64
        var text: String
    }

    static func meta(_ name: String, _ connection: SQLiteConnection) throws(SQLiteError) -> Meta? {
        try connection.prepare("SELECT value FROM meta WHERE name = ?").first([.text(name)]) { row in
            Meta(number: row.integer(0), text: row.text(0))
        }
    }

    /// Replays all rows: those through `compacted` are entries, later ones are history.
    static func load(_ connection: SQLiteConnection) throws(SQLiteError) -> StoreState {
        let base = try meta("base", connection)?.number ?? 0
        let compacted = Revision(base + (try meta("compacted", connection)?.number ?? 0))
        var state = StoreState(revision: max(Revision(base + 1), compacted), compacted: compacted)
        let rows = try connection.prepare("SELECT row, key, value, created FROM changes ORDER BY row")
        try rows.forEachRow { row throws(SQLiteError) in
            let revision = Revision(base + row.integer(0) / rowsPerRevision)
            let key = row.text(1)
            var entry: Entry?
            if !row.isNull(2) {
                let value = row.blob(2)
                entry = Entry(
                    key: key, value: value, created: Revision(base + row.integer(3)), revision: revision,
                    topics: state.topics(key, value))
            }
            if revision > compacted {
                state.apply(
                    CollectionOfOne(WatchEvent(revision: revision, key: key, entry: entry, previous: state.get(key))))
            } else if let entry {
                state.restore(entry)
            }
        }
        return state
    }

    /// The life of the store, those before it, and how far its revisions are lifted; nil when it has no name yet.
    static func life(
        _ connection: SQLiteConnection
    ) throws(SQLiteError) -> (incarnation: IncarnationID, ancestors: [IncarnationID], base: Int64)? {
        guard let name = try meta("incarnation", connection)?.text else { return nil }
        let ancestors = try meta("ancestors", connection)?.text.split(separator: " ").map { IncarnationID(String($0)) }
        return (IncarnationID(name), ancestors ?? [], try meta("base", connection)?.number ?? 0)
    }

    /// Notes this start and returns who the store is.
    static func append(
        _ start: StartID, at revision: Revision, _ connection: SQLiteConnection
    ) throws(SQLiteError) -> StoreIdentity {
        let life = try life(connection) ?? (IncarnationID(""), [], 0)
        let base = life.base
        let next = Revision(revision.rawValue + 1)
        try connection.prepare("INSERT INTO starts (id, first_revision) VALUES (?, ?)")
            .run(.text(start.rawValue), .integer(next.rawValue - base))
        var starts: [StoreStart] = []
        try connection.prepare("SELECT id, first_revision FROM starts ORDER BY place").forEachRow {
            row throws(SQLiteError) in
            starts.append(StoreStart(id: StartID(row.text(0)), firstRevision: Revision(base + row.integer(1))))
        }
        return StoreIdentity(
            incarnation: life.incarnation, ancestors: life.ancestors, base: base, start: start, starts: starts)
    }
}
