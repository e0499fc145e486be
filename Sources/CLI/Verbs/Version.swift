import ArgumentParser
import TidemillClient
import TidemillWire

/// `tidemill version`: of this program and of the server, when one answers.
struct Version: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the versions of this program and of the server.")

    @Flag(name: .long, help: "This program's version only; no server is asked.")
    var client = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        Terminal.say("Client Version: \(ProgramVersion.text)")
        if client { return }
        try await connection.withSession { session in
            let version = try await session.client.json(APIRequest(.get, "/version", timeout: .seconds(10)))
            Terminal.say("Server Version: \(version["gitVersion"]?.string ?? "unknown")")
        }
    }
}
