import TidemillRig

/// One figure of the bench, with the aim it is held against.
struct Row {
    enum Aim {
        case atLeast(Double)
        case atMost(Double)
        case none
    }

    var name: String
    var value: Double
    var unit: String
    var aim: Aim
    /// How it was measured, and what limits it.
    var note: String = ""

    var isMissed: Bool {
        switch aim {
        case .atLeast(let least): value < least
        case .atMost(let most): value > most
        case .none: false
        }
    }

    var line: String {
        let target =
            switch aim {
            case .atLeast(let least): "aim ≥ \(figure(least))"
            case .atMost(let most): "aim ≤ \(figure(most))"
            case .none: ""
            }
        let verdict = if case .none = aim { "" } else { isMissed ? "missed" : "met" }
        return [pad(name, 46), pad("\(figure(value)) \(unit)", 20), pad(target, 16), pad(verdict, 7), note]
            .joined(separator: " ")
    }
}

extension Row {
    /// Prints a table, and the figures in one last line.
    static func report(_ rows: [Row], as name: String) {
        for row in rows { say(row.line) }
        say("\(name): rows=\(rows.count) missed_aims=\(rows.filter(\.isMissed).count)")
    }
}

/// A number as people read it: no decimals above a hundred, one above ten, two below.
func figure(_ value: Double) -> String {
    if value >= 100 { return String(Int(value.rounded())) }
    let scale: Double = value >= 10 ? 10 : 100
    return String((value * scale).rounded() / scale)
}

func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// The middle value; of an even number, the higher of the two.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
}

/// The value below which `share` of the values lie; of few values, the largest.
func quantile(_ values: [Double], _ share: Double) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}
