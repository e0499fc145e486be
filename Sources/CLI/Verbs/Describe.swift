import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire

/// `tidemill describe`: everything about objects, with what happened to them.
struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show everything about objects, with their events.")

    @Argument(help: "job hello · job/hello · nodes")
    var objects: [String]

    @OptionGroup var selectors: SelectorOptions
    @OptionGroup var namespaces: NamespaceOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let arguments = try ObjectArguments(parsing: objects)
        try await connection.withSession { session in
            var count = 0
            for target in arguments.targets {
                for object in try await session.objects(target, namespaces, selectors.selection) {
                    if count > 0 { Terminal.say("\n") }
                    count += 1
                    let description = Description(
                        kind: target.kind, object: object, events: try await events(of: object, target.kind, session),
                        now: Timestamp(WallClock.now()),
                        slices: target.kind == Kinds.Node.info
                            ? try await session.granted(on: object.objectName) : [])
                    Terminal.say(description.lines().joined(separator: "\n"))
                }
            }
            if count == 0 { Terminal.complain("No resources found") }
        }
    }

    private func events(of object: JSON, _ kind: KindInfo, _ session: Session) async throws -> [JSON] {
        // Events of objects without a namespace live in `default`.
        let namespace = kind.namespaced ? object.objectNamespace ?? session.namespace : "default"
        var terms = ["involvedObject.kind=\(kind.kind)", "involvedObject.name=\(object.objectName)"]
        if let uid = object.at(["metadata", "uid"])?.string { terms.append("involvedObject.uid=\(uid)") }
        let page = try await session.client.list(
            Kinds.Event.info, namespace: namespace, selection: Selection(fields: terms.joined(separator: ",")))
        func moment(_ event: JSON) -> String { event["lastTimestamp"]?.string ?? event["eventTime"]?.string ?? "" }
        return page.objects.sorted { moment($0) < moment($1) }
    }
}
