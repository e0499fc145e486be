import Testing
import TidemillSQLite

@Suite
struct SQLiteConnectionTests {
    private func table() throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: ":memory:")
        try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE, data BLOB, size REAL)")
        return connection
    }

    @Test
    func `values come back as they went in`() throws {
        let connection = try table()
        let insert = try connection.prepare("INSERT INTO t (id, name, data, size) VALUES (?, ?, ?, ?)")
        try insert.run(1, "é\u{0}x", .blob([0, 255, 1]), .real(0.5))
        try insert.run(2, "", .blob([]), nil)
        try insert.run(.integer(.min), nil, nil)
        #expect(connection.lastInsertedRow == .min)
        #expect(connection.changes == 1)
        var seen: [String] = []
        try connection.prepare("SELECT id, name, data, size FROM t ORDER BY id").forEachRow { row in
            seen.append(
                "\(row.integer(0)) \(row.isNull(1) ? "nil" : row.text(1)) \(row.isNull(2) ? "nil" : "\(row.blob(2))") \(row.real(3))"
            )
        }
        #expect(seen == ["\(Int64.min) nil nil 0.0", "1 é\u{0}x [0, 255, 1] 0.5", "2  [] 0.0"])
    }

    @Test
    func `a statement can be run again with other values`() throws {
        let connection = try table()
        let insert = try connection.prepare("INSERT INTO t (name) VALUES (?)")
        for name in ["a", "b", "c"] { try insert.run([.text(name)]) }
        let find = try connection.prepare("SELECT id FROM t WHERE name = ?")
        #expect(try find.first(["b"]) { $0.integer(0) } == 2)
        #expect(try find.first(["c"]) { $0.integer(0) } == 3)
        #expect(try find.first(["d"]) { $0.integer(0) } == nil)
    }

    @Test
    func `a transaction that throws leaves nothing behind`() throws {
        let connection = try table()
        #expect(throws: SQLiteError.self) {
            try connection.transaction { () throws(SQLiteError) in
                try connection.execute("INSERT INTO t (name) VALUES ('a')")
                try connection.execute("INSERT INTO t (name) VALUES ('a')")
            }
        }
        #expect(!connection.isInTransaction)
        #expect(try connection.prepare("SELECT count(*) FROM t").first { $0.integer(0) } == 0)
    }

    @Test
    func `errors say what a caller can act on`() throws {
        let connection = try table()
        func reason(_ body: () throws(SQLiteError) -> Void) -> SQLiteError.Reason? {
            do throws(SQLiteError) {
                try body()
                return nil
            } catch {
                return error.reason
            }
        }
        #expect(reason { () throws(SQLiteError) in try connection.execute("nonsense") } == .other)
        try connection.execute("INSERT INTO t (name) VALUES ('a')")
        #expect(
            reason { () throws(SQLiteError) in try connection.execute("INSERT INTO t (name) VALUES ('a')") }
                == .constraint)
        #expect(
            reason { () throws(SQLiteError) in _ = try SQLiteConnection(path: "/nowhere/at/all") } == .cannotOpen)
        try connection.execute("PRAGMA max_page_count = 3")
        let big = SQLiteValue.blob([UInt8](repeating: 1, count: 100_000))
        #expect(
            reason { () throws(SQLiteError) in try connection.prepare("INSERT INTO t (data) VALUES (?)").run(big) }
                == .full)
    }
}
