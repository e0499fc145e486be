import ArgumentParser
import TidemillAPIServer
import TidemillDaemon
import TidemillModel
import TidemillSeams

/// `tidemill-controller issue-node`
struct IssueNode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue-node", abstract: "Issue the certificate with which a node's agent presents itself.",
        discussion: "Writes ca.pem, node.pem and node.key (mode 0600) into the folder given with --out.")

    @Option(name: .long, help: "The controller's data folder.") var data: String
    @Option(name: .long, help: "Name of the node.") var node: String
    @Option(name: .long, help: "Folder to write to; it is made when missing.") var out: String

    func run() async throws {
        if let problem = Names.problems(inSubdomain: node).first { throw ValidationError("--node \(node): \(problem)") }
        try CertificateFolder.issueNode(NodeID(node), from: data, into: out, time: SystemTime())
    }
}
