import CSQLite

/// A value of a column or of a parameter.
package enum SQLiteValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

extension SQLiteValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(nilLiteral: ()) { self = .null }
}

/// One compiled statement. Not Sendable, like the connection that it keeps open.
package final class SQLiteStatement {
    private let handle: OpaquePointer
    private let connection: SQLiteConnection

    init(_ handle: OpaquePointer, of connection: SQLiteConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Runs a statement whose rows nobody wants, with `values` for its parameters in order.
    package func run(_ values: SQLiteValue...) throws(SQLiteError) {
        try run(values)
    }

    /// Runs a statement whose rows nobody wants, with `values` for its parameters in order.
    package func run(_ values: [SQLiteValue]) throws(SQLiteError) {
        try bind(values)
        defer { sqlite3_reset(handle) }
        while try step() {}
    }

    /// Runs the statement and hands each row to `row`, which may throw to stop early. A row is valid only during its call.
    package func forEachRow(
        _ values: [SQLiteValue] = [], _ row: (borrowing SQLiteRow) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        try bind(values)
        defer { sqlite3_reset(handle) }
        while try step() { try row(SQLiteRow(handle)) }
    }

    /// The value that `read` takes from the first row; nil when there is no row.
    package func first<Result>(
        _ values: [SQLiteValue] = [], _ read: (borrowing SQLiteRow) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result? {
        try bind(values)
        defer { sqlite3_reset(handle) }
        return try step() ? try read(SQLiteRow(handle)) : nil
    }

    /// `values` for the parameters in order; those beyond `values` are NULL.
    private func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
        for (offset, value) in values.enumerated() {
            let index = Int32(offset + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(handle, index)
                case .integer(let number): sqlite3_bind_int64(handle, index, number)
                case .real(let number): sqlite3_bind_double(handle, index, number)
                case .text(let text): bind(text, at: index)
                case .blob(let bytes): bind(bytes, at: index)
                }
            try connection.check(code)
        }
    }

    private func bind(_ text: String, at index: Int32) -> Int32 {
        // A nil pointer would bind NULL, so an empty text has a way of its own.
        if text.isEmpty { return sqlite3_bind_text(handle, index, "", 0, copied) }
        var text = text
        return text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                sqlite3_bind_text64(
                    handle, index, characters.baseAddress, UInt64(characters.count), copied, UInt8(SQLITE_UTF8))
            }
        }
    }

    private func bind(_ bytes: [UInt8], at index: Int32) -> Int32 {
        // A nil pointer would bind NULL, so an empty blob has a way of its own.
        if bytes.isEmpty { return sqlite3_bind_zeroblob(handle, index, 0) }
        return bytes.withUnsafeBytes { sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), copied) }
    }

    /// True when a row is there.
    private func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        throw connection.error(code)
    }

    /// SQLITE_TRANSIENT, whose C macro Swift cannot import: SQLite makes its own copy before the call returns.
    private var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

/// The current row of a statement; columns count from 0. Valid only inside the closure that it was handed to.
package struct SQLiteRow: ~Copyable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// 0 for NULL.
    package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// 0 for NULL.
    package func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    /// Empty for NULL; bytes that are no UTF-8 are replaced.
    package func text(_ column: Int32) -> String {
        guard let characters = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: characters, count: count), as: UTF8.self)
    }

    /// Empty for NULL.
    package func blob(_ column: Int32) -> [UInt8] {
        guard let bytes = sqlite3_column_blob(handle, column) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
    }
}
