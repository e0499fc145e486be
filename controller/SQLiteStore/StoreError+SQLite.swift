import TidemillSQLite
import TidemillStore

extension StoreError {
    /// What an error of SQLite means to a caller of the store at `path`.
    init(_ error: SQLiteError, path: String) {
        if error.isOutOfSpace {
            self = .full("no space left for \(path): writes are refused until space is freed, reads go on")
        } else if error.reason == .corrupt {
            self = .corrupt("\(path) is damaged: \(error)")
        } else {
            self = .failed("\(path): \(error)")
        }
    }
}

/// Runs `body` and says in the words of the store what SQLite says.
func storing<Result>(at path: String, _ body: () throws(SQLiteError) -> Result) throws(StoreError) -> Result {
    do throws(SQLiteError) {
        return try body()
    } catch {
        throw StoreError(error, path: path)
    }
}
