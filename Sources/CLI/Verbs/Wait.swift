import ArgumentParser
import TidemillClient
import TidemillModel

/// `tidemill wait`: until something holds of each object.
struct Wait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wait until something holds of objects.",
        discussion: "A job that has ended otherwise ends the wait at once, with status 1.")

    @Argument(help: "job/hello · job hello other")
    var objects: [String]

    @Option(
        name: .customLong("for"),
        help: "condition=TYPE[=STATUS], state=STATE, jsonpath={.PATH}=VALUE, create or delete.")
    var condition: String

    @Option(name: .long, help: "How long for all together, such as 30s; without end when 0s.")
    var timeout: WaitTime = WaitTime(duration: .seconds(30))

    @OptionGroup var selectors: SelectorOptions
    @OptionGroup var namespaces: NamespaceOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let condition = try WaitCondition(parsing: condition)
        let arguments = try ObjectArguments(parsing: objects)
        try await connection.withSession { session in
            let clock = ContinuousClock()
            let end = clock.now + timeout.duration
            for target in arguments.targets {
                let scope = session.scope(target.kind, namespaces)
                for name in try await names(target, scope, session) {
                    let left = timeout.duration == .zero ? .zero : max(.milliseconds(1), clock.now.duration(to: end))
                    let kind = target.kind
                    let holds = try await Waiting(session: session, limit: left).until(
                        kind, namespace: scope, name: name
                    ) { condition.judge($0, kind: kind, name: name) }
                    guard holds else {
                        throw Failure("timed out waiting for the condition on \(kind.plural)/\(name)")
                    }
                    Terminal.say("\(kind.named(name)) condition met")
                }
            }
        }
    }

    private func names(_ target: ObjectArguments.Target, _ scope: String?, _ session: Session) async throws -> [String]
    {
        if !target.names.isEmpty { return target.names }
        guard selectors.selection != .all else { throw Failure("name the objects, or say which with -l SELECTOR") }
        let page = try await session.client.list(target.kind, namespace: scope, selection: selectors.selection)
        if page.objects.isEmpty { throw Failure("no matching resources found") }
        return page.objects.map(\.objectName)
    }
}
