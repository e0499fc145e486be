import ArgumentParser
import TidemillClient
import TidemillModel
import TidemillWire

/// Which objects of a kind a verb is about.
struct SelectorOptions: ParsableArguments {
    @Option(name: [.customShort("l"), .long], help: "Label selector, such as app=web,tier!=front.")
    var selector: String = ""

    @Option(name: .long, help: "Field selector, such as status.state=Running.")
    var fieldSelector: String = ""

    var selection: Selection { Selection(labels: selector, fields: fieldSelector) }
}

extension Session {
    /// The namespace to look into for a kind; nil means everywhere.
    func scope(_ kind: KindInfo, _ options: NamespaceOptions) -> String? {
        guard kind.namespaced, !options.allNamespaces else { return nil }
        return options.namespace ?? namespace
    }

    /// The objects that a target means, one by one or by selection.
    func objects(
        _ target: ObjectArguments.Target, _ options: NamespaceOptions, _ selection: Selection
    ) async throws -> [JSON] {
        let scope = scope(target.kind, options)
        if target.names.isEmpty {
            return try await client.list(target.kind, namespace: scope, selection: selection).objects
        }
        if options.allNamespaces && target.kind.namespaced {
            throw Failure("an object cannot be named across all namespaces: give its namespace with -n")
        }
        var objects: [JSON] = []
        for name in target.names {
            objects.append(try await client.get(target.kind, namespace: scope, name: name))
        }
        return objects
    }
}
