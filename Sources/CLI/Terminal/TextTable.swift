/// Columns of text, three spaces apart, as kubectl prints them.
struct TextTable {
    var header: [String]
    var rows: [[String]]

    /// Widths that fit the header and every row.
    var widths: [Int] {
        var widths = header.map { max($0.count, 3) }
        for row in rows {
            for (index, cell) in row.enumerated() where index < widths.count {
                widths[index] = max(widths[index], cell.count)
            }
        }
        return widths
    }

    /// The lines, the header first unless `hasHeader` is false.
    func lines(hasHeader: Bool = true, widths given: [Int]? = nil) -> [String] {
        let widths = given ?? self.widths
        return ((hasHeader ? [header] : []) + rows).map { Self.line($0, widths) }
    }

    /// One line; the last cell is not padded.
    static func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            line += cell
            if index < cells.count - 1 {
                let width = index < widths.count ? widths[index] : 0
                line += String(repeating: " ", count: max(0, width - cell.count) + 3)
            }
        }
        return line
    }
}
