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
    func now() -> (message: String, remedy: Remedy?) {
        let refusals = refusals(on: nodes)
        let remedy = remedy(of: refusals)
        let advice = remedy?.description ?? "Add a node."
        return (
            "\(head)\(fitting(refusals))/\(nodes.count) nodes: \(Self.counted(refusals)). \(advice)", remedy
        )
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

    private func fitting(_ refusals: [Refused]) -> Int { nodes.count - refusals.count }

    private func refusals(on nodes: [NodeSnapshot]) -> [Refused] {
        var known: [Standing: Refusal?] = [:]
        return nodes.compactMap { node in
            let refusal = Self.remembered(&known, node, fit) { fit.refusal(on: node) }
            return refusal.map { Refused(node: node, refusal: $0) }
        }
    }

    private struct Refused {
        var node: NodeSnapshot
        var refusal: Refusal
    }

    /// What `find` says of a node, asked once for nodes of equal standing. A node that is passed over is its own case.
    private static func remembered<Answer>(
        _ known: inout [Standing: Answer], _ node: NodeSnapshot, _ fit: NodeFit, _ find: () -> Answer
    ) -> Answer {
        if fit.passedOver[node.name] != nil { return find() }
        let standing = Standing(node)
        if let answer = known[standing] { return answer }
        let answer = find()
        known[standing] = answer
        return answer
    }

    /// `1 cordoned, 2 short of 512Mi memory (largest free 300Mi)`, in the order of the groups' names.
    private static func counted(_ refusals: [Refused]) -> String {
        let groups = Dictionary(grouping: refusals, by: \.refusal.group).map { ($0.key.text, $0.value) }
        return groups.sorted { $0.0 < $1.0 }.map { text, members in
            let shortages = members.compactMap { member -> Shortage? in
                if case .short(let shortage, _) = member.refusal { shortage } else { nil }
            }
            guard let nearest = shortages.min(by: { $0.missing < $1.missing }) else {
                return "\(members.count) \(text)"
            }
            return "\(members.count) \(text) (largest free \(nearest.freeText))"
        }.joined(separator: ", ")
    }

    /// The easiest of the nodes' remedies; the first node wins ties. Nil when no node can be made to hold the member.
    private func remedy(of refusals: [Refused]) -> Remedy? {
        var known: [Standing: Remedy?] = [:]
        var best: Remedy?
        for refused in refusals {
            // A remedy begins with what the refusal names, and only grows.
            guard let begun = Remedy(beginning: refused.refusal, on: refused.node.name) else { continue }
            if let best, !begun.isEasier(than: best) { continue }
            // Of nodes of equal standing the first is named.
            let bound = best?.burden ?? .max
            let next = Self.remembered(&known, refused.node, fit) { Remedy(fit, on: refused.node, within: bound) }
            guard let next, !next.changes.isEmpty else { continue }
            if best.map({ next.isEasier(than: $0) }) ?? true { best = next }
        }
        return best
    }
}
