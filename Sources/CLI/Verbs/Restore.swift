import ArgumentParser
import Foundation

/// `tidemill restore`: hands over to the controller's program, which alone knows its store.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the controller's store anew out of a backup.",
        discussion: """
            The controller must not run (`tidemill down`). The backup is verified first, and the old store is moved aside, \
            never deleted. After the next start nothing is granted before every node has said what it runs, or was confirmed \
            dead.
            """)

    @Option(name: .long, help: "The backup, as `tidemill backup` wrote it.")
    var from: String

    @Option(name: .long, help: "The controller's data folder; else that of `tidemill up`.")
    var data: String?

    @Option(name: .long, help: "The folder of `tidemill up`; else TIDEMILL_HOME, else ~/.tidemill.")
    var home: String?

    @Flag(name: .long, help: "The backup names every node that there is: for a folder without nodes.roster.")
    var nodesComplete = false

    @Flag(name: .long, help: "The backup may be of another store: that of this folder is given up for it.")
    var otherStore = false

    @Option(
        name: .long,
        help: "An incarnation that agents have seen and nothing here knows, as ControllerRolledBack names it.")
    var after: String?

    func run() throws {
        let program = try Programs().path("tidemill-controller")
        let folder = data ?? Home(option: home).controllerData
        guard FileManager.default.fileExists(atPath: folder) else {
            throw Failure("there is no data folder \(folder): --data names the one that the controller runs on")
        }
        let arguments = arguments(folder: folder)
        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        // Returns only when it fails.
        execv(program, &argv)
        let reason = String(cString: strerror(errno))
        for argument in argv { free(argument) }
        throw Failure("\(program) cannot be started: \(reason)")
    }

    func arguments(folder: String) -> [String] {
        ["restore", "--data", folder, "--from", from] + (nodesComplete ? ["--nodes-complete"] : [])
            + (otherStore ? ["--other-store"] : []) + (after.map { ["--after", $0] } ?? [])
    }
}
