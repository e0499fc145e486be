import CSQLite

/// One open database file. Not Sendable: it belongs to one actor, which should have an executor of its own, since every
/// call blocks.
///
/// The connection closes when it and all its statements are gone.
package final class SQLiteConnection {
    /// How the file is opened.
    package enum Mode: Sendable {
        /// Made when it does not exist.
        case create
        /// Must exist.
        case readWrite
        /// Must exist; writes fail with `.readOnly`.
        case readOnly
    }

    private(set) var handle: OpaquePointer?

    /// Opens the file at `path`; `:memory:` gives a database of its own in memory.
    ///
    /// - Parameter busyMilliseconds: how long a call waits for a lock of another connection before it throws `.busy`.
    package init(path: String, mode: Mode = .create, busyMilliseconds: Int32 = 0) throws(SQLiteError) {
        let flags =
            switch mode {
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            }
        // The file is never opened through a name with a query (no URI), and the connection is confined to its owner.
        let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            let error = SQLiteError(
                code: code, errorNumber: handle.map(sqlite3_system_errno) ?? 0, message: "\(path): \(message)")
            sqlite3_close_v2(handle)
            handle = nil
            throw error
        }
        sqlite3_busy_timeout(handle, busyMilliseconds)
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    /// Runs SQL text of one or more statements whose rows nobody wants, such as a schema or a pragma.
    package func execute(_ sql: String) throws(SQLiteError) {
        try check(sqlite3_exec(handle, sql, nil, nil, nil))
    }

    /// Compiles one statement, to be run many times.
    package func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        guard let statement else { throw SQLiteError(code: SQLITE_MISUSE, message: "no statement in the SQL text") }
        return SQLiteStatement(statement, of: self)
    }

    /// Runs `body` in one transaction that takes the write lock at once. When `body` or the commit throws, all of it is
    /// rolled back and the error passed on.
    package func transaction<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        try execute("BEGIN IMMEDIATE")
        do throws(SQLiteError) {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            if isInTransaction {
                // SQLite may have rolled back by itself; a failure here leaves nothing to undo, and the first error counts.
                sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            }
            throw error
        }
    }

    /// True between `BEGIN` and its end, however it ended.
    package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Row id of the last insert of this connection.
    package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Rows that the last INSERT, UPDATE or DELETE changed.
    package var changes: Int { Int(sqlite3_changes64(handle)) }

    /// Throws what `code` says, unless it says success.
    func check(_ code: Int32) throws(SQLiteError) {
        if code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE { throw error(code) }
    }

    func error(_ code: Int32) -> SQLiteError {
        SQLiteError(
            code: code, errorNumber: sqlite3_system_errno(handle), message: String(cString: sqlite3_errmsg(handle)))
    }
}
