import TidemillModel
import TidemillWire

/// A table that the server rendered: columns of one kind, a row for each object.
struct ServerTable {
    struct Column: Equatable {
        var name: String
        /// Shown with `-o wide` only.
        var isWide: Bool
    }

    struct Row {
        var cells: [String]
        var name: String
        var namespace: String?
        var labels: [String: String]
    }

    var columns: [Column]
    var rows: [Row]

    /// Reads a `meta.k8s.io` Table; nil for anything else. A watch's later tables name no columns: `columns` stands in.
    init?(json: JSON, columns known: [Column] = []) {
        guard json["kind"]?.string == "Table" else { return nil }
        let definitions = json["columnDefinitions"]?.array ?? []
        columns =
            definitions.isEmpty
            ? known
            : definitions.map {
                Column(name: $0["name"]?.string ?? "", isWide: ($0["priority"]?.integer ?? 0) > 0)
            }
        rows = (json["rows"]?.array ?? []).map { row in
            let metadata = row.at(["object", "metadata"])
            var labels: [String: String] = [:]
            for member in metadata?["labels"]?.object?.members ?? [] { labels[member.key] = member.value.string }
            return Row(
                cells: (row["cells"]?.array ?? []).map { $0.plainText ?? "<none>" },
                name: metadata?["name"]?.string ?? "", namespace: metadata?["namespace"]?.string, labels: labels)
        }
    }
}

/// How a server's table is shown.
struct TableStyle {
    var isWide = false
    var showsNamespace = false
    var showsLabels = false
    /// Put before each name, as in `job.tidemill.dev/hello`, when several kinds are shown.
    var prefix: KindInfo?

    func header(_ columns: [ServerTable.Column]) -> [String] {
        (showsNamespace ? ["NAMESPACE"] : [])
            + columns.filter { isWide || !$0.isWide }.map { $0.name.uppercased() } + (showsLabels ? ["LABELS"] : [])
    }

    func cells(_ row: ServerTable.Row, _ columns: [ServerTable.Column]) -> [String] {
        var cells = showsNamespace ? [row.namespace ?? "<none>"] : []
        for (index, column) in columns.enumerated() where isWide || !column.isWide {
            var cell = index < row.cells.count ? row.cells[index] : ""
            if index == 0, let prefix { cell = prefix.named(cell) }
            cells.append(cell)
        }
        if showsLabels {
            let labels = row.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            cells.append(labels.isEmpty ? "<none>" : labels.joined(separator: ","))
        }
        return cells
    }

    func text(_ table: ServerTable) -> TextTable {
        TextTable(header: header(table.columns), rows: table.rows.map { cells($0, table.columns) })
    }

    /// A line of the table with the state in its colour.
    func painted(_ cells: [String], columns: [ServerTable.Column], widths: [Int], on terminal: Terminal) -> String {
        let line = TextTable.line(cells, widths)
        let shown = header(columns)
        guard terminal.hasColors, let index = shown.firstIndex(of: "STATUS"), index < cells.count,
            let tone = Terminal.tone(ofState: cells[index]), let start = Self.offset(of: index, widths, cells)
        else { return line }
        let from = line.index(line.startIndex, offsetBy: start)
        let to = line.index(from, offsetBy: cells[index].count)
        return line[..<from] + terminal.paint(String(line[from..<to]), tone) + line[to...]
    }

    /// Where the cell begins in its line, in characters.
    private static func offset(of index: Int, _ widths: [Int], _ cells: [String]) -> Int? {
        guard index <= widths.count else { return nil }
        return (0..<index).reduce(0) { $0 + max(widths[$1], cells[$1].count) + 3 }
    }
}
