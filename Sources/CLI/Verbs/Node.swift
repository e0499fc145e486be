import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill node`: what only operators can know of a node.
struct Node: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell the controller what only you can know of a node.", subcommands: [ConfirmDead.self])
}

/// `tidemill node confirm-dead`: an operator's word that a silent node's boot is over.
struct ConfirmDead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Confirm that a silent node is dead, so that its work starts elsewhere.",
        discussion: """
            It is your word against ours: if the machine runs still, `keep` work will run twice. Should the node come back, \
            it ends what it holds before it is Ready again.
            """)

    @Argument(help: "Name of the node.")
    var node: String

    @Option(name: .long, help: "Why, for those who read it later.")
    var reason: String?

    @Flag(name: .long, help: "Do not ask.")
    var yes = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let name = try NodeNames.parse(node)
        try await connection.withSession { session in
            let node = try await session.client.get(Kinds.Node.self, name: name)
            let notice = DeathNotice(node: node, slices: try await session.granted(on: name))
            if let refusal = notice.refusal { throw refusal }
            if notice.isConfirmed {
                return Terminal.say("\(Kinds.Node.info.named(name)) is confirmed dead already, boot \(notice.bootID)")
            }
            for line in notice.lines() { Terminal.complain(line) }
            if !yes {
                guard Terminal.canAsk else {
                    throw Failure("nobody can be asked here: add --yes when you are sure that node \(name) is dead")
                }
                guard Terminal.confirms("Is node \(name) dead for good?") else {
                    throw Failure("nothing was changed: node \(name) is not confirmed dead")
                }
            }
            _ = try await session.client.mergePatch(
                Kinds.Node.info, namespace: nil, name: name, patch: notice.patch(reason: reason))
            Terminal.say("\(Kinds.Node.info.named(name)) confirmed dead, boot \(notice.bootID)")
        }
    }
}

extension Session {
    /// What is granted on a node and not Released, by namespace and name.
    func granted(on node: String) async throws -> [Kinds.Slice] {
        let selection = Selection(fields: "status.grant.node=\(node)")
        return try await client.list(Kinds.Slice.self, selection: selection).objects
            .filter { $0.status.state != .released }
            .sorted { ($0.metadata.namespace, $0.metadata.name) < ($1.metadata.namespace, $1.metadata.name) }
    }
}
