import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill why`: why a job is where it is, or why it waits and what would unblock it.
struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why work waits and what would unblock it, or where it is.",
        discussion: "A slice or task is answered for by its job. A node is asked why it takes no new slices.")

    @Argument(help: "job hello · job/hello · slice/hello-1-0 · node/n1")
    var objects: [String]

    @Option(name: [.customShort("o"), .long], help: "yaml or json.")
    var output: DocumentOutput?

    @Option(name: [.customShort("n"), .long], help: "The namespace; else that of the kubeconfig's context.")
    var namespace: String?

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let arguments = try ObjectArguments(parsing: objects)
        try await connection.withSession { session in
            for target in arguments.targets {
                if target.names.isEmpty {
                    throw Failure("name the object: `tidemill why \(target.kind.singular) NAME`")
                }
                for name in target.names { try await answer(target.kind, name, session) }
            }
        }
    }

    private func answer(_ kind: KindInfo, _ name: String, _ session: Session) async throws {
        let scope = kind.namespaced ? namespace ?? session.namespace : nil
        switch kind {
        case Kinds.Job.info: try await job(name, scope, session)
        case Kinds.Slice.info, Kinds.Task.info:
            let object = try await session.client.get(kind, namespace: scope, name: name)
            guard let job = object.at(["spec", "member", "job"])?.string else {
                throw Failure("\(kind.named(name)) belongs to no job, so nobody places it")
            }
            try await self.job(job, scope, session)
        case Kinds.Node.info:
            let node = try await session.client.get(Kinds.Node.self, namespace: nil, name: name)
            Terminal.say(NodeReasons(node: node).lines.joined(separator: "\n"))
        default:
            throw Failure("why answers for jobs, slices, tasks and nodes, not for \(kind.plural)")
        }
    }

    private func job(_ name: String, _ scope: String?, _ session: Session) async throws {
        let review = Kinds.PlacementReview(
            metadata: ObjectMeta(name: "", namespace: scope ?? ""), spec: Kinds.PlacementReviewSpec(jobName: name))
        _ = try await Reviewing(session: session, output: output).ask(review, about: "job \(scope ?? "")/\(name)")
    }
}

/// Why a node takes no new slices, or that it does.
struct NodeReasons {
    let node: Kinds.Node

    var lines: [String] {
        var reasons: [String] = []
        let state = node.status.state ?? .initializing
        if node.spec.unschedulable { reasons.append("it is cordoned (`tidemill uncordon \(node.metadata.name)`)") }
        if node.spec.drain != nil { reasons.append("it is being drained") }
        if node.spec.maintenance { reasons.append("it is in maintenance") }
        if state != .ready, state != .cordoned, state != .draining, state != .maintenance {
            reasons.append("its state is \(state.rawValue)")
        }
        var lines = [
            reasons.isEmpty
                ? "node \(node.metadata.name) takes new slices."
                : "node \(node.metadata.name) takes no new slices: \(reasons.joined(separator: ", and "))."
        ]
        for taint in node.spec.taints { lines.append("  Slices must tolerate the taint \(taint.text).") }
        for condition in node.status.conditions where condition.status != .true && condition.message != nil {
            lines.append("  \(condition.type) is \(condition.status.rawValue): \(condition.message ?? "")")
        }
        return lines
    }
}
