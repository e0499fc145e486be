/// What a request or a job rules out, by the field that says so.
package enum Constraint: Hashable, Sendable {
    case numa
    case links
    case nodeSelector
    case regions
    case pools
    case affinity
    case antiAffinity
    /// The antiAffinity of the job of that name.
    case antiAffinityOf(String)
    /// Over that label.
    case spread(String)

    /// What nodes are that it rules out.
    var refusal: String {
        switch self {
        case .numa: "with enough of everything, but not in one NUMA domain"
        case .links: "without enough accelerators that are linked to each other"
        case .nodeSelector: "not selected by placement.nodeSelector"
        case .regions: "outside of placement.regions"
        case .pools: "outside of placement.pools"
        case .affinity: "away from the jobs of placement.affinity"
        case .antiAffinity: "near a job of placement.antiAffinity"
        case .antiAffinityOf(let job): "near the job \(job), which keeps others away"
        case .spread(let key): "full by placement.spread over \(key)"
        }
    }

    /// What would admit them.
    var relaxation: String {
        switch self {
        case .numa: "let slice.numa be preferred"
        case .links: "let slice.links be preferred"
        case .nodeSelector: "relax placement.nodeSelector"
        case .regions: "relax placement.regions"
        case .pools: "relax placement.pools"
        case .affinity: "relax placement.affinity"
        case .antiAffinity: "relax placement.antiAffinity"
        case .antiAffinityOf(let job): "wait for the job \(job)"
        case .spread(let key): "relax placement.spread over \(key)"
        }
    }
}
