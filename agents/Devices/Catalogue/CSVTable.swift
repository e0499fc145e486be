/// A table in comma-separated values (RFC 4180) whose first line names the columns.
struct CSVTable {
    struct Row {
        /// Of its beginning, counted from 1.
        let line: Int
        fileprivate let cells: [String: String]

        /// The cell of a column that the table was read with.
        subscript(column: String) -> String { cells[column] ?? "" }

        func error(_ column: String, _ what: String) -> CatalogueError {
            CatalogueError(line: line, message: "\(column) '\(self[column])' \(what)")
        }

        /// A number that is not negative; nil for an empty cell.
        func number(_ column: String, most: Double) throws(CatalogueError) -> Double? {
            if self[column].isEmpty { return nil }
            guard let number = Double(self[column]), number >= 0, number <= most else {
                throw error(column, "is no number from 0 to \(Int64(most))")
            }
            return number
        }
    }

    private(set) var rows: [Row] = []

    /// Every line has the cells of `columns`, in that order.
    init(_ text: String, columns: [String]) throws(CatalogueError) {
        var lines = try Self.lines(text)[...]
        guard let head = lines.popFirst(), head.cells == columns else {
            throw CatalogueError(line: 1, message: "the columns must be \(columns.joined(separator: ","))")
        }
        for line in lines {
            guard line.cells.count == columns.count else {
                throw CatalogueError(
                    line: line.number, message: "has \(line.cells.count) cells, and \(columns.count) columns are there")
            }
            rows.append(Row(line: line.number, cells: Dictionary(uniqueKeysWithValues: zip(columns, line.cells))))
        }
    }

    /// The cells of each line that is not empty. A cell in quotes may hold commas, line ends, and quotes that are doubled.
    private static func lines(_ text: String) throws(CatalogueError) -> [(number: Int, cells: [String])] {
        var lines: [(number: Int, cells: [String])] = []
        var (cells, cell): ([String], [UInt8]) = ([], [])
        var (number, start, isQuoted, wasQuoted) = (1, 1, false, false)
        var bytes = Array(text.utf8)
        bytes.append(UInt8(ascii: "\n"))
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\n") { number += 1 }
            if isQuoted {
                if byte != UInt8(ascii: "\"") {
                    cell.append(byte)
                } else if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
                    cell.append(byte)
                    index += 1
                } else {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where cell.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
            case UInt8(ascii: "\r"): continue
            case UInt8(ascii: ","), UInt8(ascii: "\n"):
                cells.append(String(decoding: cell, as: UTF8.self))
                (cell, wasQuoted) = ([], false)
                if byte == UInt8(ascii: ",") { continue }
                if cells != [""] { lines.append((start, cells)) }
                (cells, start) = ([], number)
            default: cell.append(byte)
            }
        }
        if isQuoted { throw CatalogueError(line: start, message: "a quote is opened and never closed") }
        return lines
    }
}
