/// Columns of text, three spaces apart, as kubectl prints them.
package struct TextTable {
    package var header: [String]
    package var rows: [[String]]

    package init(header: [String], rows: [[String]] = []) {
        self.header = header
        self.rows = rows
    }

    /// Widths that fit the header and every row.
    package var widths: [Int] {
        var widths = header.map { max($0.count, 3) }
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], cell.count)
            }
        }
        return widths
    }

    /// The lines, the header first unless `hasHeader` is false.
    package func lines(hasHeader: Bool = true, widths given: [Int]? = nil) -> [String] {
        let widths = given ?? self.widths
        return ((hasHeader ? [header] : []) + rows).map { Self.line($0, widths) }
    }

    /// One line, without spaces at its end.
    package static func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        let last = cells.lastIndex { !$0.isEmpty } ?? 0
        for (index, cell) in cells.prefix(last + 1).enumerated() {
            line += cell
            if index < last {
                let width = index < widths.count ? widths[index] : 0
                line += String(repeating: " ", count: max(0, width - cell.count) + 3)
            }
        }
        return line
    }
}
