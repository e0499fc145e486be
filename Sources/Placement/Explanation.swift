import TidemillModel
import TidemillSeams

/// Puts into words why a gang waits: what each node lacks, counted, and the first change that would unblock it.
struct Explanation {
    private let gang: PendingGang
    private var fit: MemberFit
    /// Members that did find a place.
    private var placed: Int
    /// The nodes that were looked at, with those members held.
    private var nodes: [NodeSnapshot]
    private let area: Area

    static let withoutNodes = "0/0 nodes: no node has joined yet. Start an agent."

    init(gang: PendingGang, failure: Placement.Failure) {
        self.gang = gang
        fit = failure.fit
        placed = failure.placed
        area = failure.area
        let inside = area.name == nil ? nil : area.nodes
        nodes = inside.map { $0.members.map { failure.nodes[$0] } } ?? failure.nodes
    }

    /// From here on nothing is held.
    mutating func empty(_ emptied: [NodeSnapshot]) {
        let inside = area.name == nil ? nil : area.nodes
        nodes = inside.map { $0.members.map { emptied[$0] } } ?? emptied
        fit.crowded = [:]
        fit.rules.passedOver = [:]
        placed = 0
    }

    /// `0/3 nodes: 1 cordoned, 2 short of 512Mi memory (largest free 300Mi)`, and what would help.
    func now() -> (counts: String, filters: [PendingCause.Filter], remedy: Remedy?) {
        if lacksLabel { return (withoutLabel, [], nil) }
        let refusals = refusals()
        let filters = Self.counted(refusals)
        let counts = "\(head)\(nodes.count - refusals.count)/\(nodes.count) nodes: \(Self.text(filters))"
        return (counts, filters, remedy(of: refusals))
    }

    func never(room: Int) -> (message: String, filters: [PendingCause.Filter]) {
        let size = gang.members.count
        if lacksLabel { return (withoutLabel + ".", []) }
        let refusals = refusals()
        let filters = Self.counted(refusals)
        let place = area.name.map { " of \($0)" } ?? ""
        let can =
            room == 0
            ? "No known node\(place) could hold it even when empty"
            : "The known nodes\(place) could hold \(room) of its \(size) members even when empty"
        let why = refusals.isEmpty ? "" : ": " + Self.text(filters)
        let advice = "Ask for less, \(relaxation(refusals))or add a node that is large enough."
        return ("\(can)\(why). \(advice)", filters)
    }

    /// What the job could do without, where that keeps nodes out.
    private func relaxation(_ refusals: [Refused]) -> String {
        for refused in refusals {
            if case .excluded(let constraint) = refused.refusal { return constraint.relaxation + ", " }
        }
        return ""
    }

    /// The class of a need for which no known node has a device at all.
    func classWithoutDevices(in nodes: [NodeSnapshot]) -> String? {
        fit.fit.needs.map(\.deviceClass).first { name in
            nodes.allSatisfy { node in node.devices.allSatisfy { $0.classes[name] == nil } }
        }
    }

    /// Whether nodes that the job may have lack the label by which it is kept together.
    private var lacksLabel: Bool { area.steps.isEmpty && nodes.contains { fit.rules.admits($0) } }

    private var withoutLabel: String {
        let keys = gang.constraints.together.filter { $0.mode == .required }.map(\.within)
        return "no node that the job may have bears the label \(keys.joined(separator: " or ")) of placement.together"
    }

    private var head: String {
        let size = gang.members.count
        guard size > 1 else { return "" }
        let place = area.name.map {
            " \($0)" + (area.others > 0 ? ", which has the most room of \(area.others + 1)" : "")
        }
        return "\(placed) of \(size) members fit\(place ?? ""); for the next "
    }

    private func refusals() -> [Refused] {
        var known: [Standing: Refusal?] = [:]
        return nodes.compactMap { node in
            let refusal = fit.ruling(on: node) ?? Self.remembered(&known, node) { fit.fit.refusal(on: node) }
            return refusal.map { Refused(node: node, refusal: $0) }
        }
    }

    private struct Refused {
        var node: NodeSnapshot
        var refusal: Refusal
    }

    /// What `find` says of a node, asked once for nodes of equal standing.
    private static func remembered<Answer>(
        _ known: inout [Standing: Answer], _ node: NodeSnapshot, _ find: () -> Answer
    ) -> Answer {
        let standing = Standing(node)
        if let answer = known[standing] { return answer }
        let answer = find()
        known[standing] = answer
        return answer
    }

    /// In the order of their texts.
    private static func counted(_ refusals: [Refused]) -> [PendingCause.Filter] {
        let groups = Dictionary(grouping: refusals, by: \.refusal.text)
        return groups.sorted { $0.key < $1.key }.map { text, members in
            let shortages = members.compactMap { member -> Shortage? in
                if case .short(let shortage, _) = member.refusal { shortage } else { nil }
            }
            let nearest = shortages.min { $0.missing < $1.missing }
            return PendingCause.Filter(text: text, nodes: members.count, largestFree: nearest?.freeText)
        }
    }

    /// `1 cordoned, 2 short of 512Mi memory (largest free 300Mi)`
    private static func text(_ filters: [PendingCause.Filter]) -> String {
        filters.map { filter in
            "\(filter.nodes) \(filter.text)" + (filter.largestFree.map { " (largest free \($0))" } ?? "")
        }.joined(separator: ", ")
    }

    /// The easiest remedy of the nodes that come nearest; the first node wins ties. Nil when none of them can be made to hold
    /// the member.
    private func remedy(of refusals: [Refused]) -> Remedy? {
        var known: [Standing: Remedy?] = [:]
        var best: Remedy?
        for (refused, begun) in nearest(refusals) {
            // A remedy begins with what the refusal names, and only grows.
            if let best, !begun.isEasier(than: best) { continue }
            // Of nodes of equal standing the first is named.
            let bound = best?.burden ?? .max
            // What hangs on the node's name and labels is its own case.
            let next =
                fit.ruling(on: refused.node) == nil
                ? Self.remembered(&known, refused.node) { Remedy(fit, on: refused.node, within: bound) }
                : Remedy(fit, on: refused.node, within: bound)
            guard let next, !next.changes.isEmpty else { continue }
            if best.map({ next.isEasier(than: $0) }) ?? true { best = next }
        }
        return best
    }

    /// Nodes whose remedies are tried: on a large cluster where no two are alike, trying all takes longer than anybody waits.
    private static let mostTried = 256

    /// Those whose remedy begins most easily, each with how it begins.
    private func nearest(_ refusals: [Refused]) -> [(Refused, begun: Remedy)] {
        let begun = refusals.enumerated().compactMap { place, refused in
            Remedy(beginning: refused.refusal, on: refused.node.name).map { (place, refused, $0) }
        }
        guard begun.count > Self.mostTried else { return begun.map { ($0.1, $0.2) } }
        return begun.sorted { a, b in
            if a.2.isEasier(than: b.2) { return true }
            if b.2.isEasier(than: a.2) { return false }
            return a.0 < b.0
        }.prefix(Self.mostTried).map { ($0.1, $0.2) }
    }
}
