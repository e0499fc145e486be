import TidemillModel
import TidemillWire

/// Shows rows while they change: one table that is drawn again on a terminal, a line for each change elsewhere.
struct LiveTable {
    let terminal: Terminal
    private var drawn = 0
    private var last: [JobRow] = []

    init(terminal: Terminal) {
        self.terminal = terminal
    }

    mutating func show(_ rows: [JobRow]) {
        if terminal.isTerminal { redraw(rows) } else { report(rows) }
        last = rows
    }

    /// The table as it ends, left to stand.
    mutating func finish(_ rows: [JobRow]) {
        erase()
        for line in lines(rows, cut: false) { Terminal.say(line) }
    }

    /// Takes the drawn table away, so that other lines can be printed; the next `show` draws it below them.
    mutating func erase() {
        guard terminal.isTerminal, drawn > 0 else { return }
        Terminal.emit("\u{1B}[\(drawn)A\r\u{1B}[J")
        drawn = 0
    }

    private mutating func redraw(_ rows: [JobRow]) {
        if rows == last, drawn > 0 { return }
        let lines = lines(rows, cut: true)
        var text = drawn > 0 ? "\u{1B}[\(drawn)A\r" : ""
        for line in lines { text += "\u{1B}[2K\(line)\n" }
        Terminal.emit(text + "\u{1B}[J")
        drawn = lines.count
    }

    private func report(_ rows: [JobRow]) {
        for old in last where !rows.contains(where: { $0.job == old.job }) { Terminal.say("job \(old.job): deleted") }
        for row in rows where !last.contains(where: { $0.isSame(as: row) }) {
            let details = [row.reason, row.node, row.device, row.grade].filter { !$0.isEmpty }
            Terminal.say(
                "job \(row.job): \(row.state.rawValue)"
                    + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))"))
        }
    }

    private func lines(_ rows: [JobRow], cut: Bool) -> [String] {
        let table = TextTable(header: JobRow.header, rows: rows.map(\.cells))
        let widths = table.widths
        let header = terminal.paint(fitted(TextTable.line(table.header, widths), cut), .strong)
        return [header]
            + rows.map { row in
                let line = fitted(TextTable.line(row.cells, widths), cut)
                let start = widths[0] + 3
                let state = row.state.rawValue
                guard terminal.hasColors, line.count >= start + state.count else { return line }
                let from = line.index(line.startIndex, offsetBy: start)
                let to = line.index(from, offsetBy: state.count)
                return line[..<from] + terminal.paint(state, Terminal.tone(ofState: state)) + line[to...]
            }
    }

    /// A line that wraps would spoil the count of lines to go up.
    private func fitted(_ line: String, _ cut: Bool) -> String {
        cut && line.count >= terminal.columns ? String(line.prefix(max(1, terminal.columns - 1))) : line
    }
}
