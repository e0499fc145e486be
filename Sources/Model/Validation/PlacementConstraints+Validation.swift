extension Kinds.PlacementConstraints {
    /// What is wrong with the constraints that stand at `path`.
    func problems(at path: String) -> [FieldError] {
        var errors = nodeSelector?.problems(at: "\(path).nodeSelector") ?? []
        for (index, preference) in preferredNodes.enumerated() {
            errors += preference.selector.problems(at: "\(path).preferredNodes[\(index)].selector")
        }
        for (index, spread) in spread.enumerated() where spread.most == nil && spread.maxSkew == nil {
            errors.append(
                .required("\(path).spread[\(index)]", "must bound the members of a domain by most or maxSkew"))
        }
        for (name, terms) in [("affinity", affinity), ("antiAffinity", antiAffinity)] {
            for (index, term) in terms.enumerated() {
                errors += term.jobs.problems(at: "\(path).\(name)[\(index)].jobs")
            }
        }
        return errors
    }
}

/// Labels that every node has without being given them.
package enum NodeLabel {
    package static let hostname = "kubernetes.io/hostname"
    package static let pool = "tidemill.dev/pool"
    package static let region = "tidemill.dev/region"
    package static let rack = "tidemill.dev/rack"
}

extension Kinds.Node {
    /// Its own labels, and those that its name and spec stand for.
    package var placementLabels: [String: String] {
        var labels = metadata.labels
        labels[NodeLabel.hostname] = metadata.name
        for (key, value) in [
            (NodeLabel.pool, spec.pool), (NodeLabel.region, spec.region), (NodeLabel.rack, spec.rack),
        ] {
            if let value { labels[key] = value }
        }
        return labels
    }
}
