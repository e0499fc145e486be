import CSQLite

/// Why SQLite refused; `reason` is what a caller can act on.
package struct SQLiteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// SQLite's primary result codes, as far as a caller acts on them.
    package enum Reason: Hashable, Sendable {
        /// Another connection holds the lock.
        case busy
        /// No space is left: the file system is full, or the database reached its page limit.
        case full
        /// The file system failed; a full disk may also end here, see `SQLiteError.isOutOfSpace`.
        case inputOutput
        /// The file is damaged, or is no database at all.
        case corrupt
        /// A UNIQUE, NOT NULL, CHECK or foreign key constraint was violated.
        case constraint
        case readOnly
        case cannotOpen
        /// A value or a statement is larger than SQLite allows.
        case tooBig
        /// Anything else, among it errors in the SQL text.
        case other
    }

    package var reason: Reason
    /// SQLite's extended result code.
    package var code: Int32
    /// The kernel's error number of the failed call; 0 when none is known.
    package var errorNumber: Int32
    /// SQLite's own words.
    package var message: String

    /// `code` may be a primary or an extended result code.
    package init(code: Int32, errorNumber: Int32 = 0, message: String) {
        self.code = code
        self.errorNumber = errorNumber
        self.message = message
        reason =
            switch code & 0xFF {
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_FULL: .full
            case SQLITE_IOERR: .inputOutput
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_READONLY: .readOnly
            case SQLITE_CANTOPEN: .cannotOpen
            case SQLITE_TOOBIG: .tooBig
            default: .other
            }
    }

    /// True when the write failed because no space was left, whichever way SQLite says it: `SQLITE_FULL`, or an
    /// I/O error whose cause was ENOSPC (28) or EDQUOT (122), as when the shared memory of the WAL cannot grow.
    package var isOutOfSpace: Bool {
        reason == .full || errorNumber == 28 || errorNumber == 122
    }

    package var description: String { "\(message) (SQLite code \(code))" }
}
