import ArgumentParser
import TidemillWire

/// `tidemill doctor`: whether this machine has what an agent needs.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check what this machine can enforce.",
        discussion: "Status 1 when something is missing that nothing works without.")

    func run() async throws {
        let terminal = Terminal.standardOutput()
        let findings = Examination().findings()
        let table = TextTable(
            header: ["CHECK", "RESULT", "FOUND", "WAY OUT"],
            rows: findings.map { [$0.subject, $0.grade.rawValue, $0.found, $0.wayOut] })
        let widths = table.widths
        Terminal.say(terminal.paint(TextTable.line(table.header, widths), .strong))
        for (finding, row) in zip(findings, table.rows) {
            let line = TextTable.line(row, widths)
            let tone: Tone? =
                switch finding.grade {
                case .ok: nil
                case .warn: .waiting
                case .fail: .bad
                }
            Terminal.say(terminal.paint(line, tone))
        }
        if findings.contains(where: { $0.grade == .fail }) { throw Failure("") }
    }
}
