import TidemillModel
import TidemillWire

/// What a review of placement answers, for people.
struct ReviewText {
    /// `job default/hello`, as the subject of the first sentence.
    let subject: String
    let status: Kinds.PlacementReviewStatus

    var lines: [String] {
        var lines = ["\(subject) \(verdict)"]
        lines += places
        lines += filters
        if !status.preempts.isEmpty { lines += preempts }
        if let unblock = status.unblock { lines.append("  What would unblock it: \(unblock.change)") }
        lines += largest
        if let ahead = status.ahead, ahead > 0 {
            lines.append("  \(counted(Int(ahead), "waiting job")) \(ahead == 1 ? "is" : "are") served before it.")
        }
        if let decision = status.decision {
            lines.append("  Decided last as number \(decision): `tidemill replay \(decision)` decides again.")
        }
        return lines
    }

    private var verdict: String {
        let message = statement
        let reason = status.reason.map { " (\($0))" } ?? ""
        return switch status.answer {
        case .placed: "is placed: \(message)"
        case .now: "fits now: \(message)"
        case .afterPreemption: "fits after preemption\(reason): \(message)"
        case .later: "waits\(reason): \(message)"
        case .never: "never fits\(reason): \(message)"
        case .held: "is held back\(reason): \(message)"
        case .finished: "is over\(reason): \(message)"
        case nil: "has no answer: \(message)"
        }
    }

    /// The message without its advice, which has a line of its own.
    private var statement: String {
        let message = status.message ?? ""
        guard let advice = status.unblock?.change, message.hasSuffix(advice) else { return message }
        return String(message.dropLast(advice.count + 1))
    }

    /// `  0 on n1: n1-cpu0 250m 64Mi`
    private var places: [String] {
        status.members.prefix(Self.most).map { member in
            let shares = member.shares.map { share in
                let amounts = [share.cpu?.text, share.compute?.text, share.memory?.text].compactMap { $0 }
                return ([share.device] + amounts).joined(separator: " ")
            }
            return "  \(member.index) on \(member.node): \(shares.joined(separator: ", "))"
        } + rest(status.members.count)
    }

    private var filters: [String] {
        guard !status.filters.isEmpty else { return [] }
        let refused = status.filters.reduce(0) { $0 + $1.nodes }
        let table = TextTable(
            header: [],
            rows: status.filters.sorted { $0.nodes > $1.nodes }.map { filter in
                ["    \(filter.nodes)", filter.reason, filter.largestFree.map { "largest free \($0)" } ?? ""]
            })
        return ["  Of \(counted(Int(refused), "node")):"] + table.lines(hasHeader: false, widths: widths(table))
    }

    private func widths(_ table: TextTable) -> [Int] {
        table.rows.reduce(into: [0, 0, 0]) { widths, row in
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
        }
    }

    private var preempts: [String] {
        ["  Would have to end first:"]
            + status.preempts.prefix(Self.most).map { victim in
                "    \(victim.namespace)/\(victim.job): \(counted(Int(victim.members), "slice")), "
                    + "\(Rational(parsing: victim.cardUnits)?.decimalText(places: 2) ?? victim.cardUnits) card units"
            } + rest(status.preempts.count)
    }

    private var largest: [String] {
        guard status.answer == .never else { return [] }
        if let members = status.largestMembers, members > 0 {
            return ["  The known nodes could hold \(counted(Int(members), "member")) like that."]
        }
        return status.limits.map { limit in
            "  \(limit.field): asked \(limit.asked), the largest that could be held is \(limit.largest ?? "none")"
        }
    }

    /// `1 node`, `2 nodes`.
    private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// Lines of one list.
    private static let most = 32

    private func rest(_ count: Int) -> [String] { count > Self.most ? ["  … and \(count - Self.most) more"] : [] }
}
