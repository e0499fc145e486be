import TidemillModel
import TidemillSeams

/// All of a pending gang that decides how well a member of it goes with a node's state: gangs with equal asks are rated once.
/// Where it may go by name and label is told beside it, by masks.
struct Ask: Hashable, Sendable {
    var namespace: String
    var needs: [Need]
    var tolerations: [Kinds.Toleration]
    /// Everything in one NUMA domain, or nowhere.
    var isLocal: Bool
    /// Each accelerator linked to each other, or nowhere.
    var isLinked: Bool

    init(_ gang: PendingGang, _ choice: ClassChoice) {
        namespace = gang.namespace
        needs = Need.all(of: gang.request, classes: choice.classes)
        tolerations = gang.tolerations
        isLocal = gang.request.numa == .required
        isLinked = gang.request.links == .required
    }

    /// How members are tried on nodes.
    var fit: NodeFit {
        NodeFit(namespace: namespace, needs: needs, tolerations: tolerations, isLocal: isLocal, isLinked: isLinked)
    }
}
