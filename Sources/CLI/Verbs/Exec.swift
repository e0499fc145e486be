import ArgumentParser
import Foundation
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill exec`: a command inside the slice of a running task.
struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a command inside a running task's slice.",
        discussion: """
            The command is inside every limit and namespace of the slice, and ends with it. Its exit status becomes ours; \
            128 and the signal's number when a signal ended it, 126 when it could not be run, 255 when the session was cut.

              tidemill exec hello -- nproc
              tidemill exec -it job/train --rank 3 -- /bin/bash
              tar c data | tidemill exec -i task/train-1-0 -- tar x -C /tmp
            """)

    @Argument(help: "JOB, job/JOB or task/TASK")
    var object: String

    @OptionGroup var session: SessionOptions

    @Option(name: .long, help: "The member of this rank; the lowest one when unset.")
    var rank: Int64?

    @Option(name: [.customShort("n"), .long], help: "The namespace; else that of the kubeconfig's context.")
    var namespace: String?

    @OptionGroup var connection: ConnectionOptions

    @Argument(parsing: .postTerminator, help: "What to run, behind --")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty {
            throw ValidationError("say what to run behind --, such as: tidemill exec \(object) -- sh")
        }
    }

    func run() async throws {
        let terminal = session.terminal()
        let status = try await Interrupts.run {
            try await connection.withSession { server in
                let scope = namespace ?? server.namespace
                let choice = TaskChoice(object: object, rank: rank, missing: "there is nothing to enter")
                let tasks = try await choice.tasks(server, scope)
                if tasks.count > 1 {
                    Terminal.complain("\(object) has \(tasks.count) members: this is rank \(tasks[0].rank), see --rank")
                }
                return try await ExecClient(
                    client: server.client, namespace: scope, task: tasks[0].name,
                    request: ExecRequest(command: command, terminal: terminal), hasInput: session.stdin
                ).run()
            }
        }
        if status != 0 { throw Failure("", status: status ?? 128 + SIGINT) }
    }
}

/// How a session is joined to the terminal at which somebody sits.
struct SessionOptions: ParsableArguments {
    @Flag(name: [.customShort("i"), .long], help: "Pass standard input to the command.")
    var stdin = false

    @Flag(name: [.customShort("t"), .long], help: "Give the command a terminal; with -i, this one.")
    var tty = false

    /// The command's terminal; nil without -t, and, as with kubectl, where nobody sits at one.
    func terminal() -> ExecRequest.Terminal? {
        guard tty else { return nil }
        let terminal = RawTerminal.request()
        if terminal == nil { Terminal.complain("standard input is no terminal: the command gets none either") }
        return terminal
    }
}
