import TidemillModel
import TidemillSeams

extension Placement {
    /// The parts of the cluster in which the gang is tried as a whole, the best first.
    mutating func areas(_ gang: PendingGang, _ ask: Ask, within base: NodeMask?) -> [Area] {
        let terms = gang.constraints.together
        guard !terms.isEmpty else { return [Area(steps: [base])] }
        let size = gang.members.count
        let rooms = ask.rooms(in: nodes, atMost: size) { base?.contains($0) ?? true }
        let all = areas(terms[...], within: base, rooms, size, name: nil)
        // The last one is what is left when nothing better will do.
        guard all.count > Self.mostAreas, let last = all.last else { return all }
        return Array(all.prefix(Self.mostAreas - 1)) + [last]
    }

    /// Areas that are tried for one gang.
    private static let mostAreas = 64

    private struct Division {
        var name: String
        var nodes: NodeMask
        var room: Int
    }

    /// Of the domains that hold the gang the one with the least room comes first: larger ones stay whole. Where together is
    /// only preferred, as few domains as possible come last.
    private mutating func areas(
        _ terms: ArraySlice<Kinds.Together>, within base: NodeMask?, _ rooms: [Int], _ size: Int, name: String?
    ) -> [Area] {
        guard let term = terms.first else { return [Area(steps: [base], name: name)] }
        let domains = domains(of: term.within, within: base, rooms)
        let holding = domains.filter { $0.room >= size }.sorted { ($0.room, $0.name) < ($1.room, $1.name) }
        var found = holding.flatMap { domain in
            areas(terms.dropFirst(), within: domain.nodes, rooms, size, name: "\(term.within) \(domain.name)")
        }
        switch term.mode {
        case .preferred where terms.count > 1:
            found += areas(terms.dropFirst(), within: base, rooms, size, name: name)
        case .preferred:
            found.append(filling(domains, within: base))
        case .required where holding.isEmpty:
            // None has the room; the one that comes nearest says why.
            if let largest = domains.max(by: { $0.room < $1.room }) {
                found = areas(
                    terms.dropFirst(), within: largest.nodes, rooms, size, name: "\(term.within) \(largest.name)")
                if terms.count == 1, !found.isEmpty { found[0].others = domains.count - 1 }
            }
        case .required: break
        }
        return found
    }

    private mutating func domains(of key: String, within base: NodeMask?, _ rooms: [Int]) -> [Division] {
        labels.division(by: key, of: nodes).domains.compactMap { domain in
            let places = domain.nodes.filter { base?.contains($0) ?? true }
            guard !places.isEmpty else { return nil }
            return Division(
                name: domain.name, nodes: NodeMask(nodes: nodes.count, places),
                room: places.reduce(0) { $0 + rooms[$1] })
        }
    }

    /// The largest domains one after the other, then whatever is left.
    private func filling(_ domains: [Division], within base: NodeMask?) -> Area {
        let largest = domains.filter { $0.room > 0 }.sorted { ($1.room, $0.name) < ($0.room, $1.name) }
        return Area(steps: largest.prefix(Self.mostAreas).map(\.nodes) + [base])
    }

    /// How many members the nodes could hold if nothing else were there and everything worked.
    mutating func roomWhenEmpty(for gang: PendingGang, _ ask: Ask, _ emptied: [NodeSnapshot]) -> Int {
        let selection = NodeSelection(gang.constraints)
        let size = gang.members.count
        let rooms = ask.rooms(in: emptied, atMost: size) { selection.constraint(against: emptied[$0]) == nil }
        var groups = [NodeMask(nodes: nodes.count) { selection.constraint(against: nodes[$0]) == nil }]
        for term in gang.constraints.together where term.mode == .required {
            groups = groups.flatMap { group in domains(of: term.within, within: group, rooms).map(\.nodes) }
        }
        let most = groups.map { group in
            Spreading(gang, within: group) { labels.division(by: $0, of: nodes) }
                .capacity(rooms.enumerated().map { group.contains($0.offset) ? $0.element : 0 })
        }.max()
        return min(size, most ?? 0)
    }
}
