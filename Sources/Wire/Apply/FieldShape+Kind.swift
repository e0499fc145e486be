import TidemillModel

extension FieldShape {
    /// The half of an object that a request is about.
    package enum Half: Hashable, Sendable {
        /// All but the status of a kind that has one.
        case main
        case status
    }

    /// The shape of a kind's objects as the schema describes them. A list has the key that the schema names, or is owned
    /// whole; of metadata, what the server sets and what cannot change is nobody's.
    package init(_ kind: KindInfo, _ half: Half = .main) {
        var fields: [String: FieldShape] = ["apiVersion": .unowned, "kind": .unowned]
        fields["metadata"] = half == .main ? Self.metadata : .unowned
        for field in kind.schema.fields {
            let isStatus = kind.hasStatus && field.name == "status"
            fields[field.name] = isStatus == (half == .status) ? FieldShape(field, within: []) : .unowned
        }
        self = .structure(fields)
    }

    /// `within` names the types that lead here: one that contains itself is owned whole from there on.
    private init(_ field: SchemaField, within: Set<String>) {
        switch (field.type, field.listKey) {
        case (.list(let item), let key?): self = .listMap(keys: [key], FieldShape(item, within))
        default: self = FieldShape(field.type, within)
        }
    }

    private init(_ type: FieldType, _ within: Set<String>) {
        switch type {
        case .map(let value):
            self = .map(FieldShape(value, within))
        case .object(let name):
            guard let type = Kinds.types[name], !within.contains(name) else {
                self = .leaf
                return
            }
            let members = type.fields.map { ($0.name, FieldShape($0, within: within.union([name]))) }
            self = .structure(Dictionary(members) { first, _ in first })
        default:
            self = .leaf
        }
    }

    private static let metadata: FieldShape = {
        let owner = MetadataSchema.ownerReferenceFields.map { ($0.name, FieldShape.leaf) }
        var fields: [String: FieldShape] = [
            "labels": .map(.leaf), "annotations": .map(.leaf), "finalizers": .set,
            "ownerReferences": .listMap(keys: ["uid"], .structure(Dictionary(owner) { first, _ in first })),
            "managedFields": .unowned, "selfLink": .unowned,
        ]
        for field in MetadataSchema.fields where fields[field.name] == nil { fields[field.name] = .unowned }
        return .structure(fields)
    }()
}
