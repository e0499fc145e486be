import ArgumentParser
import Foundation
import TidemillClient

/// The `tidemill` program. Every failure is one sentence on standard error and exit status 1.
@main
enum Main {
    static func main() async {
        do {
            if let unknown = UnknownVerb.find(in: Array(CommandLine.arguments.dropFirst())) { throw unknown.failure }
            var command = try Tidemill.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            if !failure.message.isEmpty { Terminal.complain(failure.line) }
            exit(failure.status)
        } catch let error as ClientError {
            Terminal.complain(Failure(error).line)
            exit(1)
        } catch {
            let isHelp = Tidemill.exitCode(for: error) == .success
            if isHelp { Tidemill.exit(withError: error) }
            Terminal.complain(Tidemill.fullMessage(for: error))
            exit(1)
        }
    }
}

/// The command and its verbs.
struct Tidemill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidemill",
        abstract: "One control plane for every accelerator that an operator owns.",
        discussion: "Objects are named as with kubectl: `jobs`, `job hello`, `job/hello`, `jobs,slices`, `all`.",
        subcommands: [
            Up.self, Down.self, Apply.self, Get.self, Describe.self, Logs.self, Exec.self, Run.self, Wait.self,
            Delete.self, Version.self, Doctor.self, Backup.self, Restore.self, Cordon.self, Uncordon.self, Drain.self,
            Maintenance.self, Taint.self, Node.self, Why.self, Fit.self, Replay.self,
        ])
}
