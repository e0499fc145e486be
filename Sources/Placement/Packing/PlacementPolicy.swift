/// The policies that placement can go by.
package enum PlacementPolicy: Sendable {
    case fill(FillPolicy)
    case fragmentation(FragmentationPolicy)
    case bestFit(BestFitPolicy)

    package enum Name: String, Sendable, CaseIterable {
        case fill, fragmentation, bestFit
    }

    /// - Parameter demand: what is asked for, as far as it is known.
    package init(_ name: Name, demand: Popularity, kinds: NodeKinds, settings: FillPolicy.Settings = .init()) {
        switch name {
        case .fill: self = .fill(FillPolicy(demand, kinds: kinds, settings: settings))
        case .fragmentation: self = .fragmentation(FragmentationPolicy(typical: demand.typical(), kinds: kinds))
        case .bestFit: self = .bestFit(BestFitPolicy(kinds))
        }
    }
}

extension PlacementPolicy: PackingPolicy {
    package func worth(_ room: Room) -> Double {
        switch self {
        case .fill(let policy): policy.worth(room)
        case .fragmentation(let policy): policy.worth(room)
        case .bestFit(let policy): policy.worth(room)
        }
    }

    package func score(before: Valued, after: Valued) -> UInt8 {
        switch self {
        case .fill(let policy): policy.score(before: before, after: after)
        case .fragmentation(let policy): policy.score(before: before, after: after)
        case .bestFit(let policy): policy.score(before: before, after: after)
        }
    }
}
