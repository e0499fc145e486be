import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire
import TidemillYAML

/// `tidemill get`: objects as a table that the server renders, or as YAML, JSON or names.
struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show objects.")

    enum Output: String, ExpressibleByArgument, CaseIterable {
        case wide, yaml, json, name
    }

    @Argument(help: "jobs · job hello · job/hello · jobs,slices · all")
    var objects: [String]

    @Option(name: [.customShort("o"), .long], help: "wide, yaml, json or name.")
    var output: Output?

    @Flag(name: [.customShort("w"), .long], help: "Go on with the changes.")
    var watch = false

    @Flag(name: .long, help: "Show labels in a column of their own.")
    var showLabels = false

    @Flag(name: .long, help: "Leave the header out.")
    var noHeaders = false

    @Flag(name: .long, help: "Show who owns which fields, in yaml and json.")
    var showManagedFields = false

    @OptionGroup var selectors: SelectorOptions
    @OptionGroup var namespaces: NamespaceOptions
    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        let arguments = try ObjectArguments(parsing: objects)
        if watch && (arguments.isMixed || (arguments.targets.first?.names.count ?? 0) > 1) {
            throw Failure("a watch follows one kind, or one object: name only one")
        }
        try await connection.withSession { session in
            switch output {
            case nil, .wide: try await tables(arguments, session)
            case .name: try await names(arguments, session)
            case .yaml, .json: try await documents(arguments, session)
            }
        }
    }

    private func tables(_ arguments: ObjectArguments, _ session: Session) async throws {
        let terminal = Terminal.standardOutput()
        var isFirst = true
        for target in arguments.targets {
            let scope = session.scope(target.kind, namespaces)
            let style = TableStyle(
                isWide: output == .wide, showsNamespace: namespaces.allNamespaces && target.kind.namespaced,
                showsLabels: showLabels, prefix: arguments.isMixed ? target.kind : nil)
            let (table, revision) = try await session.table(target, scope, selectors.selection)
            if !table.rows.isEmpty {
                if !isFirst { Terminal.say("") }
                isFirst = false
            }
            let text = style.text(table)
            let widths = text.widths
            if !noHeaders && (!table.rows.isEmpty || watch) {
                Terminal.say(terminal.paint(TextTable.line(text.header, widths), .strong))
            }
            for row in text.rows {
                Terminal.say(style.painted(row, columns: table.columns, widths: widths, on: terminal))
            }
            if watch {
                let follower = TableFollower(style: style, columns: table.columns, widths: widths, terminal: terminal)
                try await follower.run(session, target, scope, selectors.selection, after: revision)
            }
        }
        if isFirst && !watch {
            let place = arguments.targets.allSatisfy { !$0.kind.namespaced } || namespaces.allNamespaces
            Terminal.complain(
                place
                    ? "No resources found"
                    : "No resources found in \(namespaces.namespace ?? session.namespace) namespace.")
        }
    }

    private func names(_ arguments: ObjectArguments, _ session: Session) async throws {
        for target in arguments.targets {
            for object in try await session.objects(target, namespaces, selectors.selection) {
                Terminal.say(target.kind.named(object.objectName))
            }
        }
    }

    private func documents(_ arguments: ObjectArguments, _ session: Session) async throws {
        var found: [JSON] = []
        for target in arguments.targets {
            found += try await session.objects(target, namespaces, selectors.selection)
        }
        if !showManagedFields {
            for index in found.indices { found[index]["metadata"]?["managedFields"] = nil }
        }
        let isSingle = arguments.targets.count == 1 && arguments.targets[0].names.count == 1
        let document: JSON =
            isSingle
            ? found[0]
            : ["apiVersion": "v1", "items": .array(found), "kind": "List", "metadata": ["resourceVersion": ""]]
        Terminal.emit(output == .json ? document.prettyText : YAMLWriter.text(document))
    }
}
