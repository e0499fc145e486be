import TidemillModel
import TidemillSeams

/// All of a pending gang that decides where a member of it may go, and how well: gangs with equal asks are rated once.
struct Ask: Hashable, Sendable {
    var namespace: String
    var needs: [Need]
    var tolerations: [Kinds.Toleration]

    init(_ gang: PendingGang) {
        namespace = gang.namespace
        needs = Need.all(of: gang.request)
        tolerations = gang.tolerations
    }

    /// How members are tried on nodes; the node index passes over nobody, its callers do.
    var fit: NodeFit { NodeFit(namespace: namespace, needs: needs, tolerations: tolerations) }
}
