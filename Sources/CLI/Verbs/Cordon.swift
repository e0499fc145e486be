import ArgumentParser
import TidemillClient

/// `tidemill cordon`: nodes get no new slices.
struct Cordon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep new slices away from nodes; what runs there goes on.")

    @Argument(help: "Names of nodes.")
    var nodes: [String]

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let names = try NodeNames.parse(nodes)
        try await connection.withSession { session in
            for name in names { try await session.change(name, NodeChange.cordon) }
        }
    }
}

/// `tidemill uncordon`: nodes get new slices again.
struct Uncordon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let slices onto nodes again; ends their drain too.")

    @Argument(help: "Names of nodes.")
    var nodes: [String]

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let names = try NodeNames.parse(nodes)
        try await connection.withSession { session in
            for name in names { try await session.change(name, NodeChange.uncordon) }
        }
    }
}
