import ArgumentParser
import Foundation

/// `tidemill down`: ends agent, work and controller of a home.
struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop what `up` started: agent, running work, controller.",
        discussion: "What was stored stays, unless --purge removes it.")

    @Option(name: .long, help: "The folder that `up` used. Else TIDEMILL_HOME, else ~/.tidemill.")
    var home: String?

    @Flag(name: .long, help: "Remove the folder too: objects, logs, certificates.")
    var purge = false

    func run() async throws {
        let home = Home(option: home)
        guard FileManager.default.fileExists(atPath: home.path) else {
            Terminal.say("Nothing runs from \(home.path): there is no such folder.")
            return
        }
        let fleet = Fleet(home: home, programs: nil)
        let remaining = await fleet.stopAll { Terminal.say($0) }
        guard remaining.isEmpty else {
            throw Failure("some cgroups could not be removed: \(remaining.joined(separator: ", ")). Try again, as root")
        }
        guard purge else { return }
        // A mistyped --home must not cost a folder that is something else.
        let isOurs = ["controller", "agents", "kubeconfig", "controller.log"].contains {
            FileManager.default.fileExists(atPath: "\(home.path)/\($0)")
        }
        guard isOurs else { throw Failure("\(home.path) does not look like a folder of Tidemill: it was not removed") }
        do {
            try FileManager.default.removeItem(atPath: home.path)
        } catch {
            throw Failure("\(home.path) cannot be removed: \(Failure.reason(of: error))")
        }
        Terminal.say("removed \(home.path)")
    }
}
