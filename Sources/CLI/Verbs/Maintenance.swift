import ArgumentParser
import TidemillClient

/// `tidemill maintenance`: empties a node and then expects it to be silent.
struct Maintenance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Empty a node for work on the machine, during which its silence raises no alarm.")

    @Argument(help: "Name of the node.")
    var node: String

    @Flag(name: .long, help: "End the maintenance.")
    var off = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let name = try NodeNames.parse(node)
        try await connection.withSession { session in
            try await session.change(name) { NodeChange.maintenance($0, isOn: !off) }
        }
    }
}
