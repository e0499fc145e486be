import TidemillModel

/// Renders one cell of a table. A value that is absent says so in words, since kubectl prints null as nothing.
enum TableCell {
    static let none: JSON = "<none>"
    static let unknown: JSON = "<unknown>"

    static func render(_ column: Column, of object: JSON, now: Timestamp) -> JSON {
        if let computation = column.computed {
            return computed(computation, column, object, now: now)
        }
        guard let value = object.at(column.path), value != .null else { return column.type == "date" ? unknown : none }
        switch column.type {
        case "date": return value.string.flatMap(Timestamp.init(parsing:)).map { age($0, now) } ?? unknown
        case "integer": return value.integer.map(JSON.integer) ?? text(value)
        default: return text(value)
        }
    }

    private static func computed(
        _ computation: ColumnComputation, _ column: Column, _ object: JSON, now: Timestamp
    ) -> JSON {
        let value = object.at(column.path)
        switch computation {
        case .nodeStatus:
            return .string(state(object, value, otherwise: "Unknown"))
        case .terminating:
            return .string(state(object, value, otherwise: "Pending"))
        case .completions:
            let members = object.at(["status", "members"]) ?? object.at(["spec", "gang", "min"])
            return .string("\(value?.integer ?? 0)/\(members?.integer ?? 1)")
        case .duration:
            guard let start = value?.string.flatMap(Timestamp.init(parsing:)) else { return none }
            let end = object.at(column.path.dropLast() + ["finishedAt"])?.string.flatMap(Timestamp.init(parsing:))
            return age(start, end ?? now)
        case .firstItem:
            return value?.array?.first.map(text) ?? none
        case .join:
            let items = value?.array ?? []
            return items.isEmpty ? none : .string(items.compactMap(\.scalarText).joined(separator: ","))
        case .objectReference:
            guard let kind = value?["kind"]?.string, let name = value?["name"]?.string else { return none }
            return .string("\(kind.lowercased())/\(name)")
        }
    }

    private static func state(_ object: JSON, _ value: JSON?, otherwise: String) -> String {
        object.at(["metadata", "deletionTimestamp"])?.string != nil ? "Terminating" : value?.string ?? otherwise
    }

    private static func age(_ start: Timestamp, _ end: Timestamp) -> JSON {
        .string(HumanDuration.text(end.since(start)))
    }

    private static func text(_ value: JSON) -> JSON {
        .string(value.scalarText ?? value.text)
    }
}
