import ArgumentParser
import TidemillAPIServer
import TidemillDaemon
import TidemillSQLiteStore
import TidemillSeams
import TidemillStore

/// `tidemill-controller restore`
struct RestoreStore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Make the store of a data folder anew out of a backup.",
        discussion: """
            The controller must not run. The backup is verified first, and the old store is moved aside, never deleted. \
            Certificates are not part of a backup: the folder keeps its own. After the next start nothing is granted before \
            every node of nodes.roster has said what it runs or was confirmed dead.
            """)

    @Option(name: .long, help: "The controller's data folder.") var data: String
    @Option(name: .long, help: "The backup, as `tidemill backup` wrote it.") var from: String
    @Flag(name: .long, help: "The backup names every node that there is: for a folder without nodes.roster.")
    var nodesComplete = false
    @Flag(name: .long, help: "The backup may be of another store: that of this folder is given up for it.")
    var otherStore = false
    @Option(
        name: .long,
        help: "An incarnation that agents have seen and nothing here knows, as ControllerRolledBack names it.")
    var after: String?

    func run() async throws {
        do {
            try PrivateFile.makeFolder(data)
            let restore = StoreRestore(folder: data, time: SystemTime(), randomness: SystemRandomness())
            let word = StoreRestore.Word(
                nodesAreComplete: nodesComplete, otherStore: otherStore, after: after.map { IncarnationID($0) })
            print(Self.text(try restore.run(from: from, word: word)))
        } catch let error as StoreError {
            throw Sentence(error)
        }
    }

    static func text(_ outcome: StoreRestore.Outcome) -> String {
        var lines = ["restored \(outcome.entries) entries of revision \(outcome.backupRevision)"]
        if let aside = outcome.aside { lines.append("the store that was there lies at \(aside)") }
        let nodes = outcome.waitsFor
        lines.append(
            nodes.isEmpty
                ? "no node has joined yet: start the controller"
                : "start the controller: it grants nothing before these have said what they run, or were confirmed dead: "
                    + nodes.map(\.rawValue).joined(separator: ", "))
        return lines.joined(separator: "\n")
    }
}
