import ArgumentParser
import Foundation
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill run -it`: a slice of one's own for one session.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a slice, run a command in it, and give it back.",
        discussion: """
            Makes a job, waits until its slice is there, and runs the command in it as a session. The job ends with the \
            session, and so does the slice; the exit statuses are those of `tidemill exec`.

              tidemill run -it -- /bin/bash
              tidemill run --cpu 4 --memory 16Gi -- ./measure
            """)

    @OptionGroup var session: SessionOptions

    @Option(name: .long, help: "The job's name; made up when unset.")
    var name: String?

    @Option(name: .long, help: "CPUs of the slice, such as 4 or 500m.")
    var cpu = "1"

    @Option(name: .long, help: "Memory of the slice, such as 16Gi.")
    var memory = "1Gi"

    @Option(name: [.customShort("e"), .long], help: "NAME=VALUE for the command's environment; may be repeated.")
    var env: [String] = []

    @Option(name: .long, help: "How long to wait for the slice; without end when 0s.")
    var timeout: WaitTime = WaitTime(duration: .zero)

    @Option(name: [.customShort("n"), .long], help: "The namespace; else that of the kubeconfig's context.")
    var namespace: String?

    @OptionGroup var connection: ConnectionOptions

    @Argument(parsing: .postTerminator, help: "What to run, behind --")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("say what to run behind --, such as: tidemill run -it -- sh") }
        if let odd = env.first(where: { !$0.contains("=") || $0.hasPrefix("=") }) {
            throw ValidationError("--env \(odd): write NAME=VALUE")
        }
    }

    func run() async throws {
        let terminal = session.terminal()
        let token = String(UInt32.random(in: 0x1000_0000 ... .max), radix: 36)
        let job = SessionJob(
            name: name ?? "run-\(token)", cpu: cpu, memory: memory,
            environment: env.map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            }, token: token)
        var made: (namespace: String, uid: String?)?
        let ended: Int32?
        do {
            ended = try await Interrupts.run {
                try await connection.withSession { server in
                    let scope = namespace ?? server.namespace
                    let object = try await server.client.create(Kinds.Job.info, job.manifest(in: scope))
                    made = (scope, object.at(["metadata", "uid"])?.string)
                    Terminal.complain("\(Kinds.Job.info.named(job.name)) created")
                    return scope
                }
            } then: { scope in
                try await connection.withSession { try await use(job, in: scope, $0, terminal) }
            }
        } catch let failure as Failure where failure.status == ExecClient.cut {
            // The job notices, and ends by itself.
            throw failure
        } catch {
            if let made { await remove(job, in: made.namespace, made.uid) }
            throw error
        }
        guard let ended else {
            if let made { await remove(job, in: made.namespace, made.uid) }
            throw Failure("", status: 128 + SIGINT)
        }
        if ended != 0 { throw Failure("", status: ended) }
    }

    /// Waits for the slice, and runs the session in it.
    private func use(
        _ job: SessionJob, in scope: String, _ server: Session, _ terminal: ExecRequest.Terminal?
    ) async throws -> Int32 {
        let task = try await running(job, in: scope, server)
        let status = try await ExecClient(
            client: server.client, namespace: scope, task: task,
            request: ExecRequest(command: job.wrapped(command), terminal: terminal), hasInput: session.stdin
        ).run()
        // The job is over in a moment, and whoever looks next shall see that; the status is the session's in any case.
        _ = try? await Waiting(session: server, limit: .seconds(10)).until(
            Kinds.Job.info, namespace: scope, name: job.name
        ) { object in object.map { Self.jobState($0).isFinal } ?? true ? .holds : .goOn }
        return status
    }

    /// The name of the job's task, once it runs.
    private func running(_ job: SessionJob, in scope: String, _ server: Session) async throws -> String {
        let waiting = Waiting(session: server, limit: timeout.duration)
        let hasSlice = try await waiting.until(Kinds.Job.info, namespace: scope, name: job.name) { object in
            guard let object else { return .never("job/\(job.name) was deleted") }
            let state = Self.jobState(object)
            if state == .running { return .holds }
            return state.isFinal ? .never("job/\(job.name) is \(Self.why(object))") : .goOn
        }
        let current = try await server.client.get(Kinds.Job.info, namespace: scope, name: job.name)
        guard hasSlice else { throw Failure("timed out waiting for a slice: job/\(job.name) is \(Self.why(current))") }
        let task = "\(job.name)-\(current.at(["status", "gang", "attempt"])?.plainText ?? "1")-0"
        let runs = try await waiting.until(Kinds.Task.info, namespace: scope, name: task) { object in
            switch object?.at(["status", "state"])?.string.flatMap({ Kinds.TaskState(rawValue: $0) }) {
            case .running: .holds
            case nil, .pending, .starting: .goOn
            case .some(let state): .never("task/\(task) is \(state.rawValue)")
            }
        }
        guard runs else { throw Failure("timed out waiting for task/\(task) to run") }
        return task
    }

    private static func jobState(_ object: JSON) -> Kinds.JobState {
        object.at(["status", "state"])?.string.flatMap { Kinds.JobState(rawValue: $0) } ?? .pending
    }

    private static func why(_ object: JSON) -> String {
        let status = object["status"]
        let parts = [status?["state"]?.string, status?["reason"]?.string, status?["message"]?.string]
        return parts.compactMap(\.self).joined(separator: ": ")
    }

    /// Nobody will come for the slice any more.
    private func remove(_ job: SessionJob, in scope: String, _ uid: String?) async {
        // Without its session the job ends by itself, a little later.
        try? await connection.withSession { server in
            _ = try await server.client.delete(
                Kinds.Job.info, namespace: scope, name: job.name, options: DeleteOptions(uid: uid))
        }
    }
}
