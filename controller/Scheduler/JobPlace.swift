import TidemillModel
import TidemillPlacement
import TidemillSeams

/// A job and the nodes on which it holds slices, as far as other jobs care.
package struct JobPlace: Sendable, Equatable {
    package var namespace: String
    package var name: String
    package var labels: [String: String]
    package var antiAffinity: [Kinds.JobAffinity]
    package var nodes: Set<NodeID>

    package init(_ job: Kinds.Job, nodes: Set<NodeID>) {
        namespace = job.metadata.namespace
        name = job.metadata.name
        labels = job.metadata.labels
        antiAffinity = job.spec.placement?.antiAffinity ?? []
        self.nodes = nodes
    }

    /// Nil for a job that holds nothing.
    init?(holding job: Kinds.Job) {
        guard !job.status.state.isFinal, let gang = job.status.gang, gang.state == .committed || gang.state == .started,
            !gang.nodes.isEmpty
        else { return nil }
        self.init(job, nodes: Set(gang.nodes.map { NodeID($0) }))
    }

    /// Whether it may rule nodes out for jobs that name it nowhere.
    var repels: Bool { antiAffinity.contains { $0.mode == .required } }
}

extension Kinds.Job {
    /// Whether its placement depends on other jobs that it selects.
    var looksAround: Bool {
        spec.placement.map { !$0.affinity.isEmpty || !$0.antiAffinity.isEmpty } ?? false
    }

    /// What the jobs of its namespace that hold slices mean for its placement.
    func neighbours(among places: [JobPlace]) -> [Neighbour] {
        let others = places.filter { $0.namespace == metadata.namespace && $0.name != metadata.name }
        var found = (spec.placement?.affinity ?? []).compactMap { term -> Neighbour? in
            let nodes = Self.nodes(of: others, term)
            // The first of jobs that belong together has nobody to join.
            if nodes.isEmpty, term.jobs.selects(metadata.labels) { return nil }
            return Neighbour(
                source: .affinity, isRequired: term.mode == .required, within: term.within, nodes: nodes)
        }
        found += (spec.placement?.antiAffinity ?? []).map { term in
            Neighbour(
                source: .antiAffinity, isRequired: term.mode == .required, within: term.within,
                nodes: Self.nodes(of: others, term))
        }
        for other in others {
            for term in other.antiAffinity where term.mode == .required && term.jobs.selects(metadata.labels) {
                found.append(
                    Neighbour(source: .other(other.name), isRequired: true, within: term.within, nodes: other.nodes))
            }
        }
        return found
    }

    private static func nodes(of others: [JobPlace], _ term: Kinds.JobAffinity) -> Set<NodeID> {
        others.reduce(into: []) { nodes, place in
            if term.jobs.selects(place.labels) { nodes.formUnion(place.nodes) }
        }
    }
}
