import TidemillModel
import TidemillSeams

/// Puts into words why a gang waits: what each node lacks, counted, and the first change that would unblock it.
struct Explanation {
    var gang: PendingGang
    var fit: NodeFit
    /// Members that did find a place.
    var placed: Int
    /// The nodes with those members held.
    var nodes: [NodeSnapshot]

    let withoutNodes = "0/0 nodes: no node has joined yet. Start an agent."

    /// `0/3 nodes: 1 cordoned, 2 short of 512Mi memory (largest free 300Mi). Free 212Mi memory on node-b.`
    var now: String {
        let refusals = refusals(on: nodes)
        return "\(head)\(fitting(refusals))/\(nodes.count) nodes: \(Self.counted(refusals)). \(unblock(refusals))"
    }

    func never(room: Int, emptied: [NodeSnapshot]) -> String {
        let size = gang.members.count
        let refusals = refusals(on: emptied)
        let can =
            room == 0
            ? "no known node could hold it even when empty"
            : "the known nodes could hold \(room) of its \(size) members even when empty"
        let why = refusals.isEmpty ? "" : ": " + Self.counted(refusals)
        return
            "\(can.prefix(1).uppercased())\(can.dropFirst())\(why). Ask for less, or add a node that is large enough."
    }

    /// The class of a need for which no known node has a device at all.
    func classWithoutDevices(in nodes: [NodeSnapshot]) -> String? {
        fit.needs.map(\.deviceClass).first { name in
            nodes.allSatisfy { node in node.devices.allSatisfy { $0.classes[name] == nil } }
        }
    }

    private var head: String {
        let size = gang.members.count
        return size > 1 ? "\(placed) of \(size) members fit; for the next " : ""
    }

    private func fitting(_ refusals: [(node: NodeID, refusal: Refusal)]) -> Int { nodes.count - refusals.count }

    private func refusals(on nodes: [NodeSnapshot]) -> [(node: NodeID, refusal: Refusal)] {
        nodes.compactMap { node in
            guard case .failure(let refusal) = fit.fit(node) else { return nil }
            return (node.name, refusal)
        }
    }

    /// `1 cordoned, 2 short of 512Mi memory (largest free 300Mi)`, in the order of the groups' names.
    private static func counted(_ refusals: [(node: NodeID, refusal: Refusal)]) -> String {
        let groups = Dictionary(grouping: refusals, by: \.refusal.group)
        return groups.sorted { $0.key < $1.key }.map { group, members in
            let shortages = members.compactMap { member -> Shortage? in
                if case .short(let shortage, _) = member.refusal { shortage } else { nil }
            }
            guard let nearest = shortages.min(by: { $0.missing < $1.missing }) else {
                return "\(members.count) \(group)"
            }
            return "\(members.count) \(group) (largest free \(nearest.freeText))"
        }.joined(separator: ", ")
    }

    /// The first change that would unblock the next member (invariant 8).
    private func unblock(_ refusals: [(node: NodeID, refusal: Refusal)]) -> String {
        for (node, refusal) in refusals where refusal == .cordoned {
            guard let snapshot = nodes.first(where: { $0.name == node }) else { continue }
            var open = snapshot
            open.isCordoned = false
            if open.state == .cordoned { open.state = .ready }
            if case .success = fit.fit(open) { return "Uncordon \(node)." }
        }
        let shortages = refusals.compactMap { entry -> (node: NodeID, shortage: Shortage)? in
            if case .short(let shortage, _) = entry.refusal { (entry.node, shortage) } else { nil }
        }
        if let nearest = shortages.min(by: { $0.shortage.missing < $1.shortage.missing }) {
            return "Free \(nearest.shortage.missingText) on \(nearest.node)."
        }
        if let (node, refusal) = refusals.first { return refusal.remedy(on: node) }
        return "Add a node."
    }
}

extension Refusal {
    /// What an operator or time must do about it.
    func remedy(on node: NodeID) -> String {
        switch self {
        case .cordoned: "Uncordon \(node)."
        case .notReady(.draining): "End the drain of \(node) (`tidemill uncordon \(node)`), or add a node."
        case .notReady(.maintenance):
            "End the maintenance of \(node) (`tidemill maintenance \(node) --off`), or add a node."
        case .notReady: "Wait for \(node) to become Ready, or add a node."
        case .tainted(let key): "Tolerate the taint \(key), or remove it from \(node)."
        case .passedOver: "\(node) is asked again after its back-off."
        case .noDevice(let name): "Add a node with a free device of class \(name)."
        case .deviceCordoned(let name): "Uncordon a \(name) device of \(node)."
        case .deviceUnhealthy(let name): "Repair a \(name) device of \(node)."
        case .isolation(_, let name): "Accept a weaker isolation grade of class \(name)."
        case .sharedWithAnotherTenant(let name), .notEmpty(let name): "Free a \(name) device on \(node)."
        case .short(let shortage, _): "Free \(shortage.missingText) on \(node)."
        }
    }
}
