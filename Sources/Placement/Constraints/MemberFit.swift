import TidemillSeams

/// Whether a node may and can have a member: what the rules say of its name and labels, then what it holds.
struct MemberFit: Sendable {
    var fit: NodeFit
    var rules: NodeRules
    /// Nodes that have no more place for members of the gang, with the label over which they are spread.
    var crowded: [NodeID: String] = [:]

    /// Why `node` gets no member; nil when it does.
    func refusal(on node: NodeSnapshot) -> Refusal? { ruling(on: node) ?? fit.refusal(on: node) }

    /// The part of it that hangs on which node it is; the rest is equal on nodes of equal standing.
    func ruling(on node: NodeSnapshot) -> Refusal? {
        if let refusal = rules.refusal(of: node) { return refusal }
        return crowded.isEmpty ? nil : crowded[node.name].map { .excluded(.spread($0)) }
    }

    mutating func relax(_ constraint: Constraint) {
        switch constraint {
        case .numa: fit.isLocal = false
        case .links: fit.isLinked = false
        case .spread(let key): crowded = crowded.filter { $0.value != key }
        default: rules.relax(constraint)
        }
    }
}
