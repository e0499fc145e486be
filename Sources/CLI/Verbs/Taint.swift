import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill taint`: adds, changes and removes taints of a node.
struct Taint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Change the taints of a node.",
        discussion: """
            key=value:NoSchedule or key:NoExecute adds a taint, key- or key:NoSchedule- removes one. NoSchedule refuses new \
            slices, PreferNoSchedule avoids them, NoExecute also ends those that do not tolerate it.
            """)

    @Argument(help: "Name of the node.")
    var node: String

    @Argument(help: "key=value:Effect … key- …")
    var taints: [String]

    @Flag(name: .long, help: "Change a taint whose key the node has already.")
    var overwrite = false

    @OptionGroup var connection: ConnectionOptions

    /// The patch holds only for the taints that were seen: others may write the node meanwhile.
    private static let attempts = 5

    func run() async throws {
        let name = try NodeNames.parse(node)
        let edit = try TaintEdit(parsing: taints)
        try await connection.withSession { session in
            for attempt in 1... {
                do {
                    return try await session.change(name) { try edit.change($0, overwrites: overwrite) }
                } catch let error as ClientError where error.isConflict && attempt < Self.attempts {
                    continue
                }
            }
        }
    }
}
