import TidemillModel
import TidemillSeams

/// How the members of a gang are spread so far, and where the next one may go.
struct Spreading: Sendable {
    private struct Term: Sendable {
        var rule: Kinds.Spread
        /// For each node the place of its domain.
        var places: [Int?]
        /// Members by domain; nil for domains of which the gang may have no node.
        var members: [Int?]

        /// Whether a domain may have one more member.
        func admits(_ place: Int?, fewest: Int) -> Bool {
            guard let place, let members = members[place] else { return false }
            if let most = rule.most, members >= most { return false }
            if let skew = rule.maxSkew, members + 1 - fewest > Int(skew) { return false }
            return true
        }
    }

    private var terms: [Term]

    /// - Parameter area: the nodes that the gang may have; all when nil.
    init(_ gang: PendingGang, within area: NodeMask?, _ division: (String) -> NodeLabels.Division) {
        terms = gang.constraints.spread.map { rule in
            let division = division(rule.over)
            let members = division.domains.map { domain -> Int? in
                domain.nodes.contains { area?.contains($0) ?? true } ? 0 : nil
            }
            return Term(rule: rule, places: division.places, members: members)
        }
    }

    var isEmpty: Bool { terms.isEmpty }

    var isPreferredAnywhere: Bool { terms.contains { $0.rule.mode == .preferred } }

    mutating func take(_ node: Int) {
        for index in terms.indices {
            if let place = terms[index].places[node], let members = terms[index].members[place] {
                terms[index].members[place] = members + 1
            }
        }
    }

    /// Nodes where the next member breaks no rule; nil when there is none to break.
    ///
    /// - Parameter preferring: whether rules that are only preferred count, too.
    func mask(preferring: Bool) -> NodeMask? {
        var mask: NodeMask?
        for term in terms where preferring || term.rule.mode == .required {
            let admitted = admitted(term)
            let next = NodeMask(nodes: term.places.count) { node in term.places[node].map { admitted[$0] } ?? false }
            mask = mask.intersection(next)
        }
        return mask
    }

    /// Nodes of which a required rule says no, with its label.
    func crowded(_ nodes: [NodeSnapshot]) -> [NodeID: String] {
        var crowded: [NodeID: String] = [:]
        for term in terms where term.rule.mode == .required {
            let admitted = admitted(term)
            for (node, place) in term.places.enumerated() where !(place.map { admitted[$0] } ?? false) {
                crowded[nodes[node].name] = crowded[nodes[node].name] ?? term.rule.over
            }
        }
        return crowded
    }

    /// By domain, whether it may have one more member.
    private func admitted(_ term: Term) -> [Bool] {
        let fewest = term.members.compactMap { $0 }.min() ?? 0
        return term.members.indices.map { term.admits($0, fewest: fewest) }
    }

    /// How many members the domains hold together, when each by itself has room for so many.
    ///
    /// - Parameter room: by node.
    func capacity(_ room: [Int]) -> Int {
        var least = room.reduce(0, +)
        for term in terms where term.rule.mode == .required {
            var rooms = term.members.map { $0 == nil ? nil : Optional(0) }
            for (node, place) in term.places.enumerated() {
                if let place, let sum = rooms[place] { rooms[place] = sum + room[node] }
            }
            let fewest = rooms.compactMap { $0 }.min() ?? 0
            let sum = rooms.compactMap { $0 }.reduce(0) { sum, room in
                let bySkew = term.rule.maxSkew.map { fewest + Int($0) } ?? .max
                return sum + min(room, term.rule.most.map { Int($0) } ?? .max, bySkew)
            }
            least = min(least, sum)
        }
        return least
    }
}
