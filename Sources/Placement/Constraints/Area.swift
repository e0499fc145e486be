/// A part of the cluster in which a whole gang is tried.
struct Area: Sendable {
    /// Members take nodes of the first step for as long as there are any, then of the next; nil stands for all nodes.
    var steps: [NodeMask?]
    /// `tidemill.dev/rack r2`; nil for the whole cluster.
    var name: String?
    /// How many domains there are beside it.
    var others = 0

    /// The nodes of all steps; nil when all.
    var nodes: NodeMask? {
        var all: NodeMask?
        for step in steps {
            guard let step else { return nil }
            all = all.map { $0.union(step) } ?? step
        }
        return all
    }
}
