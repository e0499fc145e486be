/// Schemas that no YAML file describes, because every kind has the same.
enum OpenAPIMetadata {
    static var schemas: [(String, Document)] {
        [
            (
                "ObjectMeta",
                object(
                    "Names, identity, revision and relations of an object.",
                    [
                        ("name", text("Unique in its namespace and kind.")),
                        ("generateName", text("Start of a name that the server completes.")),
                        ("namespace", text("The tenant.")),
                        ("uid", text("Identity over time; set by the server.")),
                        ("resourceVersion", text("Revision of the last change, opaque.")),
                        ("generation", integer("Counts the changes of the spec.")),
                        ("creationTimestamp", time("When it was created.")),
                        ("deletionTimestamp", time("When deletion was asked for.")),
                        ("deletionGracePeriodSeconds", integer("Grace of the deletion, in seconds.")),
                        ("labels", map("For selection.")),
                        ("annotations", map("For tools.")),
                        (
                            "ownerReferences",
                            list(
                                "What it belongs to.",
                                .object([("$ref", .string("#/components/schemas/OwnerReference"))]), key: "uid")
                        ),
                        (
                            "finalizers",
                            list(
                                "What must happen before it disappears.", .object([("type", .string("string"))]),
                                key: nil)
                        ),
                        (
                            "managedFields",
                            .object([
                                ("type", .string("array")), ("description", .string("Accepted and dropped.")),
                                (
                                    "items",
                                    .object([
                                        ("type", .string("object")),
                                        ("x-kubernetes-preserve-unknown-fields", .bool(true)),
                                    ])
                                ),
                            ])
                        ),
                        ("selfLink", text("Accepted and dropped.")),
                    ])
            ),
            (
                "OwnerReference",
                object(
                    "An object that this one belongs to.",
                    [
                        ("apiVersion", text("Group and version of the owner.")), ("kind", text("Kind of the owner.")),
                        ("name", text("Name of the owner.")), ("uid", text("Identity of the owner.")),
                        ("controller", flag("The owner manages this object.")),
                        ("blockOwnerDeletion", flag("For foreground deletion.")),
                    ], required: ["apiVersion", "kind", "name", "uid"])
            ),
            (
                "ListMeta",
                object(
                    "Revision and continuation of a list.",
                    [
                        ("resourceVersion", text("Revision of the snapshot.")),
                        ("continue", text("Token of the next page.")),
                        ("remainingItemCount", integer("Items that are left.")),
                    ])
            ),
            (
                "Status",
                object(
                    "Why a request failed, or that it did not.",
                    [
                        ("apiVersion", text("v1.")), ("kind", text("Status.")), ("status", text("Success or Failure.")),
                        ("message", text("A sentence for people.")), ("reason", text("One word for programs.")),
                        ("code", integer("The HTTP status.")),
                        (
                            "details",
                            .object([
                                ("type", .string("object")), ("x-kubernetes-preserve-unknown-fields", .bool(true)),
                            ])
                        ),
                    ])
            ),
        ]
    }

    private static func object(_ doc: String, _ properties: [(String, Document)], required: [String] = []) -> Document {
        let base: [(String, Document)] = [
            ("type", .string("object")), ("description", .string(doc)), ("properties", .object(properties)),
        ]
        return .object(base + (required.isEmpty ? [] : [("required", .list(required.map { .string($0) }))]))
    }

    private static func scalar(_ type: String, _ doc: String, format: String? = nil) -> Document {
        .object(
            [("type", .string(type))] + (format.map { [("format", .string($0))] } ?? [])
                + [("description", .string(doc))])
    }

    private static func text(_ doc: String) -> Document { scalar("string", doc) }
    private static func flag(_ doc: String) -> Document { scalar("boolean", doc) }
    private static func integer(_ doc: String) -> Document { scalar("integer", doc, format: "int64") }
    private static func time(_ doc: String) -> Document { scalar("string", doc, format: "date-time") }

    private static func map(_ doc: String) -> Document {
        .object([
            ("type", .string("object")), ("description", .string(doc)),
            ("additionalProperties", .object([("type", .string("string"))])),
        ])
    }

    private static func list(_ doc: String, _ items: Document, key: String?) -> Document {
        .object(
            [
                ("type", .string("array")), ("description", .string(doc)), ("items", items),
                ("x-kubernetes-list-type", .string(key == nil ? "set" : "map")),
            ] + (key.map { [("x-kubernetes-list-map-keys", .list([.string($0)]))] } ?? []))
    }
}
