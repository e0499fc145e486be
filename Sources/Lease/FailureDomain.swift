import TidemillSeams

/// What machines share that can fail as one: a rack, else a region, else all there is.
package enum FailureDomain: Hashable, Sendable {
    /// Racks of two regions may bear one name.
    case rack(String, region: String?)
    case region(String)
    case all

    /// The domain of a node with this rack and region.
    package init(rack: String?, region: String?) {
        if let rack {
            self = .rack(rack, region: region)
        } else {
            self = region.map { .region($0) } ?? .all
        }
    }
}

extension FailureDomain: CustomStringConvertible {
    package var description: String {
        switch self {
        case .rack(let rack, let region?): "rack \(rack) of region \(region)"
        case .rack(let rack, nil): "rack \(rack)"
        case .region(let region): "region \(region)"
        case .all: "this control plane"
        }
    }
}
