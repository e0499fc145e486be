import TidemillSeams

/// Whether grants may be written now, as the state of the controller itself has it.
package struct GrantPermission: Hashable, Sendable {
    /// Why something is withheld.
    package struct Hold: Hashable, Sendable {
        /// One word, such as `ControllerSuspect`.
        package var reason: String
        /// One sentence with numbers, and what would end it.
        package var message: String

        package init(reason: String, message: String) {
            self.reason = reason
            self.message = message
        }
    }

    /// Nothing is granted anywhere.
    package var everything: Hold?
    /// Attempts that follow a granted one are not placed; first attempts are.
    package var replacements: Hold?
    /// Nodes that get no new grants.
    package var nodes: [NodeID: Hold]

    package init(everything: Hold? = nil, replacements: Hold? = nil, nodes: [NodeID: Hold] = [:]) {
        self.everything = everything
        self.replacements = replacements
        self.nodes = nodes
    }

    /// Everything may be granted.
    package static let open = GrantPermission()

    /// What both allow; of two holds on the same thing the first is told.
    package func and(_ other: GrantPermission) -> GrantPermission {
        GrantPermission(
            everything: everything ?? other.everything, replacements: replacements ?? other.replacements,
            nodes: nodes.merging(other.nodes) { first, _ in first })
    }
}
