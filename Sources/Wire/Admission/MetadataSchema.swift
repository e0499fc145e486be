import TidemillModel

/// The fields of `metadata`, which no schema file describes because every kind has the same.
enum MetadataSchema {
    /// In the order in which they are stored.
    static let fields: [SchemaField] = [
        SchemaField(name: "name", type: .string, doc: "Unique in its namespace and kind."),
        SchemaField(name: "generateName", type: .string, doc: "Start of a name that the server completes."),
        SchemaField(name: "namespace", type: .string, doc: "The tenant."),
        SchemaField(name: "uid", type: .string, doc: "Identity over time.", maxLength: 128),
        SchemaField(name: "resourceVersion", type: .string, doc: "Revision of the last change.", maxLength: 64),
        SchemaField(name: "generation", type: .int, doc: "Counts the changes of the spec.", minimum: 0),
        SchemaField(name: "creationTimestamp", type: .time, doc: "When it was created."),
        SchemaField(name: "deletionTimestamp", type: .time, doc: "When deletion was asked for."),
        SchemaField(name: "deletionGracePeriodSeconds", type: .int, doc: "Grace of the deletion.", minimum: 0),
        SchemaField(name: "labels", type: .map(.string), doc: "For selection."),
        SchemaField(name: "annotations", type: .map(.string), doc: "For tools."),
        SchemaField(name: "ownerReferences", type: .list(.object("OwnerReference")), doc: "What it belongs to."),
        SchemaField(name: "finalizers", type: .list(.string), doc: "What must happen before it disappears."),
    ]

    static let ownerReferenceFields: [SchemaField] = [
        SchemaField(name: "apiVersion", type: .string, doc: "Group and version of the owner.", required: true),
        SchemaField(name: "kind", type: .string, doc: "Kind of the owner.", required: true),
        SchemaField(name: "name", type: .string, doc: "Name of the owner.", required: true),
        SchemaField(name: "uid", type: .string, doc: "Identity of the owner.", required: true),
        SchemaField(name: "controller", type: .bool, doc: "The owner manages this object."),
        SchemaField(name: "blockOwnerDeletion", type: .bool, doc: "For foreground deletion."),
    ]

    /// Accepted from clients that send them, and dropped.
    private static let dropped: Set<String> = ["managedFields", "selfLink"]

    static func isKnown(_ name: String) -> Bool {
        dropped.contains(name) || fields.contains { $0.name == name }
    }

    /// Finalizers are qualified, but for three that Kubernetes itself knows.
    static func finalizerProblems(_ name: String) -> [String] {
        let problems = Names.problems(inLabelKey: name)
        guard problems.isEmpty, !name.contains("/") else { return problems }
        return ["orphan", "foregroundDeletion", "kubernetes"].contains(name)
            ? [] : ["name is neither a standard finalizer name nor is it fully qualified"]
    }
}
