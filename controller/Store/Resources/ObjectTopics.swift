import TidemillModel
import TidemillWire

/// Which watches need not look at a change: every agent watches the slices and jobs of its own node, and a change of one
/// of them must not cost each of thousands a look.
package enum ObjectTopics {
    /// The field by whose values the watches of a kind are told apart.
    private static let fields: [KindInfo: String] = [
        Kinds.Slice.info: "status.grant.node", Kinds.Job.info: "status.gang.nodes",
    ]
    private static let prefixes = fields.map { (prefix: $0.key.keyPrefix(namespace: nil), field: $0.value) }

    /// The topics of what lies in the store: what cannot be read has none, and matches no field either.
    @Sendable package static func topics(_ key: String, _ value: [UInt8]) -> [String] {
        guard let field = prefixes.first(where: { key.hasPrefix($0.prefix) })?.field, Envelope.isReadable(value),
            let tree = try? JSON.parse(Envelope.text(value))
        else { return [] }
        return tree.fieldValues(field)
    }

    /// The topic of everything that can match the selector; nil when it may match more than one.
    static func topic(of selector: ObjectSelector, _ kind: KindInfo) -> String? {
        fields[kind].flatMap { selector.fields.requiredValue(of: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether everything of that topic matches the selector.
    static func decide(_ selector: ObjectSelector) -> Bool {
        selector.labels.isEmpty && selector.fields.terms.count == 1
    }
}
