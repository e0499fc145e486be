import TidemillModel
import TidemillSeams

extension Placement {
    /// Places the whole gang, or says why it waits and changes nothing (invariants 4, 5 and 8).
    ///
    /// 1. The classes that the request accepts are tried in the order of what they are worth.
    /// 2. For each, the areas that may hold the whole gang.
    /// 3. In an area each member takes the best node that rules, spread and preferences leave.
    ///
    /// - Parameter explaining: whether a gang that waits is told why, which looks at every node; else the cause is empty.
    package mutating func decide(
        _ gang: PendingGang, by search: Search = .index, explaining: Bool = true
    ) -> Decision {
        let decision = choose(gang, by: search, explaining)
        if decision != .pending(.unexplained) { keep(.decided(gang, decision)) }
        return decision
    }

    private mutating func choose(_ gang: PendingGang, by search: Search, _ explaining: Bool) -> Decision {
        let waiting = Waiting(gang)
        if search == .index, let known = explained[waiting], !explaining || known != .pending(.unexplained) {
            return known
        }
        let keptExplanations = explained
        var failures: [Failure] = []
        for choice in ClassChoice.all(
            of: gang.request, minimizing: gang.constraints.minimize ?? .cost, prices: prices)
        {
            let ask = Ask(gang, choice)
            switch attempt(gang, choice, ask, by: search, explaining) {
            case .success(let members):
                learn(ask, members: members.count)
                return .place(members)
            case .failure(let failure):
                failures.append(failure)
            }
        }
        let decision = explaining ? explain(gang, failures) : .pending(.unexplained)
        // Taking back what was tried has changed nothing.
        explained = keptExplanations
        explained[waiting] = decision
        return decision
    }

    /// The attempt that came farthest with one choice of classes.
    struct Failure: Error {
        var choice: ClassChoice
        var fit: MemberFit
        var area: Area
        /// Members that found a place.
        var placed: Int
        /// All nodes, with those members on them.
        var nodes: [NodeSnapshot]
    }

    private mutating func attempt(
        _ gang: PendingGang, _ choice: ClassChoice, _ ask: Ask, by search: Search, _ explaining: Bool
    ) -> Result<[PlannedMember], Failure> {
        let rules = NodeRules(gang) { label($0, $1) }
        let preferences = Preferences(gang, nodes) { label($0, $1) }
        var farthest: Failure?
        for area in areas(gang, ask, within: labels.mask(rules, of: nodes)) {
            var spreading = Spreading(gang, within: area.nodes) { labels.division(by: $0, of: nodes) }
            var planned: [PlannedMember] = []
            var before: [(node: Int, snapshot: NodeSnapshot)] = []
            var step = 0
            for slice in gang.members {
                guard
                    let (node, member) = place(slice, ask, area, &step, spreading, preferences, by: search)
                else { break }
                before.append((node, nodes[node]))
                put(nodes[node].holding(member.shares, for: gang.namespace), at: node)
                spreading.take(node)
                planned.append(member)
            }
            if planned.count == gang.members.count { return .success(planned) }
            if explaining, farthest.map({ planned.count > $0.placed }) ?? true {
                farthest = Failure(
                    choice: choice,
                    fit: MemberFit(fit: ask.fit, rules: rules, crowded: spreading.crowded(nodes)), area: area,
                    placed: planned.count, nodes: nodes)
            }
            for (node, snapshot) in before.reversed() { put(snapshot, at: node) }
        }
        let nothing = Failure(
            choice: choice, fit: MemberFit(fit: ask.fit, rules: rules), area: Area(steps: []), placed: 0, nodes: nodes)
        return .failure(farthest ?? nothing)
    }

    /// The best node for one member, and its shares there.
    ///
    /// - Parameter step: the area's first step that may still have a place.
    private mutating func place(
        _ slice: String, _ ask: Ask, _ area: Area, _ step: inout Int, _ spreading: Spreading,
        _ preferences: Preferences, by search: Search
    ) -> (node: Int, member: PlannedMember)? {
        for number in step..<area.steps.count {
            for preferring in spreading.isPreferredAnywhere ? [true, false] : [false] {
                let allowed = area.steps[number].intersection(spreading.mask(preferring: preferring))
                for tier in preferences.tiers {
                    if let found = place(slice, ask, within: allowed.intersection(tier), by: search) { return found }
                }
            }
            // Where members are spread, a node may get its turn later.
            if spreading.isEmpty { step = number + 1 }
        }
        return nil
    }

    private mutating func place(
        _ slice: String, _ ask: Ask, within mask: NodeMask?, by search: Search
    ) -> (node: Int, member: PlannedMember)? {
        let found =
            switch search {
            case .index: index.best(for: ask, within: mask)
            case .scan: index.scan(for: ask, within: mask)
            }
        guard let number = found?.node, let boot = nodes[number].bootID,
            let way = index.rater.way(ask, in: index[number])
        else { return nil }
        let node = nodes[number]
        let shares = ask.fit.shares(way, on: node)
        return (number, PlannedMember(slice: slice, node: node.name, bootID: boot, shares: shares))
    }
}
