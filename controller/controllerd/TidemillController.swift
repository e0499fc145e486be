import ArgumentParser

/// The control plane in one process: API server, store, reconcilers, scheduler.
@main
struct TidemillController: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill-controller",
        abstract: "Stores what operators declare, compares it with what agents report, and closes the difference.",
        version: controllerVersion,
        subcommands: [RunController.self, IssueNode.self, RestoreStore.self])
}

/// Version of this program.
let controllerVersion = "0.1.0"
