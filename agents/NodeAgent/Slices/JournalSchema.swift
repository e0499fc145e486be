import TidemillSQLite

/// The journal's tables. Small: what a node holds, what it released, and what it knows of its controller.
enum JournalSchema {
    static let version: Int64 = 1

    /// WAL with synchronous=FULL: a row that was written survives a power cut. The agent is the only user, and says so before
    /// anything is read: SQLite then keeps no shared index of the log beside it, for which a full disk would have no room.
    static let pragmas = """
        PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;
        """

    static let tables = """
        CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS held (
            uid TEXT PRIMARY KEY, epoch INTEGER NOT NULL, record TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS released (
            number INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL, record TEXT NOT NULL
        );
        """

    /// Makes what is missing, and writes nothing where nothing is: an agent must start on a disk that is full. Refuses a
    /// journal of a later version.
    static func prepare(_ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.execute(pragmas)
        let found = try connection.prepare("PRAGMA user_version").first { row in row.integer(0) } ?? 0
        guard found <= version else {
            throw SQLiteError(code: 26, message: "the journal is of version \(found), this agent knows \(version)")
        }
        try connection.execute(tables)
        if found != version { try connection.execute("PRAGMA user_version=\(version)") }
    }
}
