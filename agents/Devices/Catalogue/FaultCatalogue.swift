/// What is to be done about a fault.
package enum FaultAction: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Nothing: it is told and counted.
    case ignore
    /// The task that met it is to start again; the device is as good as before.
    case restartTask
    case resetDevice
    case rebootNode
    case replaceDevice

    /// From the mildest to the hardest.
    package static func < (a: FaultAction, b: FaultAction) -> Bool { a.rank < b.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What each vendor's fault codes mean and ask for.
package struct FaultCatalogue: Sendable {
    package struct Entry: Hashable, Sendable {
        package var name: String
        package var action: FaultAction
        package var source: String
    }

    /// By library, then by code.
    private var entries: [String: [String: Entry]] = [:]

    package static let builtIn: FaultCatalogue = {
        do throws(CatalogueError) {
            return try FaultCatalogue(parsing: CatalogueText.faults)
        } catch {
            preconditionFailure("the fault catalogue that is built in cannot be read: \(error)")
        }
    }()

    /// Reads the form of `agents/Devices/Catalogue/faults.csv`.
    package init(parsing text: String) throws(CatalogueError) {
        let table = try CSVTable(text, columns: ["library", "code", "name", "action", "source"])
        for row in table.rows {
            guard let action = FaultAction(rawValue: row["action"]) else {
                let known = FaultAction.allCases.map(\.rawValue).joined(separator: ", ")
                throw row.error("action", "is none of \(known)")
            }
            let entry = Entry(name: row["name"], action: action, source: row["source"])
            entries[row["library"], default: [:]][row["code"]] = entry
        }
    }

    /// Nil for a code that nobody documented.
    package func entry(library: String, code: String) -> Entry? { entries[library]?[code] }

    /// How many codes are known of each library.
    package var sizes: [String: Int] { entries.mapValues(\.count) }
}
