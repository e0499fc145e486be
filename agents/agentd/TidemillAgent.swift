import ArgumentParser

/// The node agent: one per machine, no inbound port.
@main
struct TidemillAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill-agent",
        abstract: "Keeps the slices of one machine: discovers its devices, enforces grants, renews its lease.",
        version: agentVersion,
        subcommands: [RunAgent.self, Discover.self, ServeLibrary.self])
}

/// Version of this program.
let agentVersion = "0.1.0"
