import TidemillModel
import TidemillSeams

extension Placement {
    /// Why a gang waits for which every choice of classes has failed.
    mutating func explain(_ gang: PendingGang, _ failures: [Failure]) -> Decision {
        let known = failures.filter { $0.choice.classes.allSatisfy(classes.contains) }
        guard !known.isEmpty else {
            var missing: [String] = []
            for name in failures.flatMap(\.choice.classes) where !classes.contains(name) && !missing.contains(name) {
                missing.append(name)
            }
            let message =
                "No device class \(missing.joined(separator: " or ")) exists. Create it, or ask for another class."
            return .pending(PendingCause(.noMatchingDevice, message))
        }
        guard !nodes.isEmpty else { return .pending(PendingCause(.insufficientDevices, Explanation.withoutNodes)) }
        let emptied = nodes.map(\.emptied)
        let rooms = known.map { roomWhenEmpty(for: gang, Ask(gang, $0.choice), emptied) }
        let possible = zip(known, rooms).filter { $0.1 == gang.members.count }.map(\.0)
        guard !possible.isEmpty else { return never(gang, known, rooms, emptied) }
        return now(gang, possible)
    }

    private func now(_ gang: PendingGang, _ failures: [Failure]) -> Decision {
        var counts: [String] = []
        var remedy: Remedy?
        var filters: [PendingCause.Filter] = []
        for failure in failures.prefix(Self.mostChoicesTold) {
            let explanation = Explanation(gang: gang, failure: failure)
            let (text, found, change) = explanation.now()
            if filters.isEmpty { filters = found }
            counts.append(failures.count > 1 ? "as \(failure.choice.text): \(text)" : text)
            if let change, remedy.map({ change.isEasier(than: $0) }) ?? true { remedy = change }
        }
        let text = counts.joined(separator: "; ")
        return .pending(
            PendingCause(
                .insufficientDevices,
                "\(text.prefix(1).uppercased())\(text.dropFirst()). \(remedy?.description ?? "Add a node.")",
                filters: filters, remedy: remedy))
    }

    /// Ways to choose classes that a message tells of.
    private static let mostChoicesTold = 3

    private func never(_ gang: PendingGang, _ failures: [Failure], _ rooms: [Int], _ emptied: [NodeSnapshot])
        -> Decision
    {
        let (failure, room) = zip(failures, rooms).max { $0.1 < $1.1 } ?? (failures[0], 0)
        var explanation = Explanation(gang: gang, failure: failure)
        explanation.empty(emptied)
        let neverHeld = explanation.classWithoutDevices(in: nodes)
        let (message, filters) = explanation.never(room: room)
        return .pending(
            PendingCause(neverHeld == nil ? .neverFits : .noMatchingDevice, message, filters: filters))
    }
}
