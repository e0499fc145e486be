import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill logs`: what tasks wrote to standard output and standard error.
struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what a job's tasks wrote.",
        discussion: "A gang's lines carry the member's rank in front: [0], [1], …")

    @Argument(help: "JOB, job/JOB or task/TASK")
    var object: String

    @Flag(name: [.customShort("f"), .long], help: "Go on with what is written from now on.")
    var follow = false

    @Option(name: .long, help: "Only the last lines.")
    var tail: Int?

    @Option(name: .long, help: "Only the member of this rank.")
    var rank: Int64?

    @Option(name: .long, help: "Of this attempt; the latest when unset.")
    var attempt: Int64?

    @Option(name: [.customShort("n"), .long], help: "The namespace; else that of the kubeconfig's context.")
    var namespace: String?

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        try await connection.withSession { session in
            let scope = namespace ?? session.namespace
            let choice = TaskChoice(object: object, rank: rank, attempt: attempt, missing: "there is no log")
            let tasks = try await choice.tasks(session, scope)
            if tasks.count == 1 {
                try await LogReading(session: session, namespace: scope, follow: follow, tail: tail).print(
                    tasks[0].name, prefix: "")
                return
            }
            let reading = LogReading(session: session, namespace: scope, follow: follow, tail: tail)
            if !follow {
                for task in tasks { try await reading.print(task.name, prefix: "[\(task.rank)] ") }
                return
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in tasks {
                    group.addTask { try await reading.print(task.name, prefix: "[\(task.rank)] ") }
                }
                try await group.waitForAll()
            }
        }
    }
}

/// Prints the log of one task.
struct LogReading: Sendable {
    var session: Session
    var namespace: String
    var follow: Bool
    var tail: Int?

    func print(_ task: String, prefix: String) async throws {
        var query: [(name: String, value: String)] = []
        if follow { query.append(("follow", "true")) }
        if let tail { query.append(("tailLines", String(tail))) }
        let path = ObjectPath.object(Kinds.Task.info, namespace: namespace, name: task) + "/log"
        let stream = try await session.client.stream(
            APIRequest(.get, path, query: query, accept: "*/*", timeout: follow ? .seconds(30 * 86_400) : .seconds(600))
        )
        if prefix.isEmpty {
            for try await chunk in stream { Terminal.emit(chunk) }
        } else {
            for try await line in stream.lines(limit: 16 << 20) {
                Terminal.emit(Array(prefix.utf8) + line + [0x0A])
            }
        }
    }
}
