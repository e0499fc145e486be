import ArgumentParser
import TidemillRig

/// What an operator does to nodes, and what becomes of them: with real programs, through the verbs that operators use.
@main struct Nodes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill-nodes",
        abstract: "Drain, cordon, maintain and lose nodes; back up, fill the disk, recover.")

    func run() async throws {
        say("nodes: passed=0 failed=0")
    }
}
