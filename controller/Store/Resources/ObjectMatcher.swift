import TidemillModel
import TidemillWire

/// Says whether objects of one kind match a selector. Names are read off the reference; the tree is parsed only for the rest.
struct ObjectMatcher: Sendable {
    private let labels: LabelSelector
    private let names: FieldSelector
    private let fields: FieldSelector

    /// Throws `.badRequest` when the selector names a field that the kind does not offer.
    init(_ selector: ObjectSelector, kind: KindInfo) throws(APIError) {
        for term in selector.fields.terms
        where !Self.nameFields.contains(term.field) && !kind.selectableFields.contains(term.field) {
            throw .badRequest(
                "field label not supported: \(term.field); \(kind.plural) can be selected by "
                    + (Self.nameFields + kind.selectableFields).joined(separator: ", "))
        }
        labels = selector.labels
        names = FieldSelector(selector.fields.terms.filter { Self.nameFields.contains($0.field) })
        fields = FieldSelector(selector.fields.terms.filter { !Self.nameFields.contains($0.field) })
    }

    private static let nameFields = ["metadata.name", "metadata.namespace"]

    /// True when everything matches.
    var isEmpty: Bool { labels.isEmpty && names.isEmpty && fields.isEmpty }

    /// The one object that can match, as far as the names say.
    var requiredName: String? { names.requiredValue(of: "metadata.name") }

    /// An object that cannot be read matches nothing but names.
    func matches(_ object: StoredObject) -> Bool {
        let ref = object.ref
        guard
            names.matches(lookup: { $0 == "metadata.name" ? [ref.name] : ref.namespace.isEmpty ? [] : [ref.namespace] })
        else { return false }
        if labels.isEmpty && fields.isEmpty { return true }
        do throws(APIError) {
            let tree = try object.tree
            return fields.matches(tree) && (labels.isEmpty || labels.matches(tree.labels))
        } catch {
            return false
        }
    }
}

extension JSON {
    /// `metadata.labels` of an object.
    var labels: [String: String] {
        var labels: [String: String] = [:]
        for member in self["metadata"]?["labels"]?.object?.members ?? [] { labels[member.key] = member.value.string }
        return labels
    }
}
