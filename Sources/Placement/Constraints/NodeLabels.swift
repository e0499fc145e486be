import TidemillModel
import TidemillSeams

/// What the labels of nodes come to, worked out when it is asked for and kept until labels change.
struct NodeLabels: Sendable {
    /// The nodes with one value of a label.
    struct Domain: Sendable {
        var name: String
        /// Their places, ascending.
        var nodes: [Int] = []
    }

    /// All domains of a label.
    struct Division: Sendable {
        /// By name.
        var domains: [Domain] = []
        /// For each node the place of its domain; nil for those without the label.
        var places: [Int?] = []
    }

    private var selections: [NodeSelection: NodeMask] = [:]
    private var divisions: [String: Division] = [:]
    /// Selections that are remembered at most.
    private static let most = 256

    mutating func forget() {
        selections = [:]
        divisions = [:]
    }

    /// The nodes that a gang may have; nil when all.
    mutating func mask(_ rules: NodeRules, of nodes: [NodeSnapshot]) -> NodeMask? {
        guard !rules.isEmpty else { return nil }
        guard rules.isSelectionAlone else { return NodeMask(nodes: nodes.count) { rules.admits(nodes[$0]) } }
        if let known = selections[rules.selection] { return known }
        if selections.count >= Self.most { selections = [:] }
        let mask = NodeMask(nodes: nodes.count) { rules.selection.constraint(against: nodes[$0]) == nil }
        selections[rules.selection] = mask
        return mask
    }

    mutating func division(by key: String, of nodes: [NodeSnapshot]) -> Division {
        if let known = divisions[key] { return known }
        let values = nodes.map { $0.labels[key] }
        let names = Set(values.compactMap { $0 }).sorted()
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        var division = Division(
            domains: names.map { Domain(name: $0) },
            places: values.map { value in value.flatMap { places[$0] } })
        for (node, place) in division.places.enumerated() {
            if let place { division.domains[place].nodes.append(node) }
        }
        divisions[key] = division
        return division
    }
}
