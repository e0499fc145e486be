import TidemillModel
import TidemillSeams

/// All that decisions hang on: two placements of equal state decide alike, in whichever process.
package struct PlacementState: Sendable, Equatable {
    /// By name.
    package var nodes: [NodeSnapshot]
    package var classes: Set<String>
    package var prices: [String: Rational]
    package var settings: PlacementSettings
    /// What has been placed, and what of it the policy was made for.
    package var demand = Demand()
    package var learned = Demand()
    /// Members that must have been placed before it is asked whether that still is the demand.
    package var nextLesson = 20

    package init(
        nodes: [NodeSnapshot], classes: Set<String>, prices: [String: Rational] = [:],
        settings: PlacementSettings = PlacementSettings()
    ) {
        self.nodes = nodes
        self.classes = classes
        self.prices = prices
        self.settings = settings
    }
}
