import TidemillModel

/// The types of one OpenAPI 3 document: those that its kinds are made of, and what every kind shares.
struct OpenAPISchemas {
    private(set) var members: [JSONObject.Member] = []
    private var known: Set<String> = []

    init(_ kinds: [KindInfo]) {
        for (name, schema) in Self.shared { add(name, schema) }
        for kind in kinds {
            add(kind.schema.name, Self.whole(kind))
            add(kind.schema.name + "List", Self.list(kind))
            for field in kind.schema.fields { addTypes(of: field.type) }
        }
        if kinds.contains(where: { $0.scale != nil }) { add(ScaleView.kind, Self.scale) }
        members.sort { $0.key < $1.key }
    }

    static func reference(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }

    static func groupVersionKind(_ kind: KindInfo, _ name: String) -> JSON {
        ["group": .string(kind.group), "version": .string(kind.version), "kind": .string(name)]
    }

    private mutating func add(_ name: String, _ schema: JSON) {
        if known.insert(name).inserted { members.append(.init(key: name, value: schema)) }
    }

    private mutating func addTypes(of type: FieldType) {
        switch type {
        case .list(let item), .map(let item): addTypes(of: item)
        case .object(let name):
            guard !known.contains(name), let type = Kinds.types[name] else { return }
            add(name, Self.object(type.doc, type.fields))
            for field in type.fields { addTypes(of: field.type) }
        default: break
        }
    }
}

extension OpenAPISchemas {
    private static func whole(_ kind: KindInfo) -> JSON {
        let own = object(kind.doc, kind.schema.fields)
        var properties: JSONObject = [
            "apiVersion": text("Group and version of the object."), "kind": text("Kind of the object."),
            "metadata": reference("ObjectMeta", "Names, identity, revision and relations."),
        ]
        for member in own["properties"]?.object?.members ?? [] { properties.append(member.key, member.value) }
        var schema = own
        schema["properties"] = .object(properties)
        schema["x-kubernetes-group-version-kind"] = [groupVersionKind(kind, kind.kind)]
        return schema
    }

    private static func list(_ kind: KindInfo) -> JSON {
        [
            "type": "object", "description": .string("A list of \(kind.kind) objects."),
            "properties": [
                "apiVersion": text("Group and version of the list."), "kind": text("\(kind.kind)List."),
                "metadata": reference("ListMeta", "Revision and continuation of the list."),
                "items": ["type": "array", "items": reference(kind.schema.name)],
            ],
            "required": ["items"], "x-kubernetes-group-version-kind": [groupVersionKind(kind, kind.kind + "List")],
        ]
    }

    private static func object(_ doc: String, _ fields: [SchemaField]) -> JSON {
        var schema: JSONObject = [
            "type": "object", "description": .string(doc),
            "properties": .object(JSONObject(fields.map { .init(key: $0.name, value: property($0)) })),
        ]
        let required = fields.filter(\.required).map { JSON.string($0.name) }
        if !required.isEmpty { schema.append("required", .array(required)) }
        return .object(schema)
    }

    private static func property(_ field: SchemaField) -> JSON {
        if case .object(let name) = field.type {
            return reference(name, field.doc, isDefaulted: field.defaultValue == .emptyObject)
        }
        var schema = type(field.type)
        schema.append("description", .string(field.doc))
        switch field.defaultValue {
        case .string(let text): schema.append("default", .string(text))
        case .int(let number): schema.append("default", .integer(number))
        case .bool(let flag): schema.append("default", .bool(flag))
        case .emptyObject, nil: break
        }
        let bounds: [(String, Int64?)] = [
            ("minimum", field.minimum), ("maximum", field.maximum), ("maxLength", field.maxLength.map(Int64.init)),
            ("minItems", field.minItems.map(Int64.init)), ("maxItems", field.maxItems.map(Int64.init)),
        ]
        for case (let name, let bound?) in bounds { schema.append(name, .integer(bound)) }
        if case .list = field.type {
            schema.append("x-kubernetes-list-type", field.listKey == nil ? "atomic" : "map")
            if let key = field.listKey { schema.append("x-kubernetes-list-map-keys", [.string(key)]) }
        }
        return .object(schema)
    }

    private static func type(_ type: FieldType) -> JSONObject {
        switch type {
        case .string, .duration: ["type": "string"]
        case .bool: ["type": "boolean"]
        case .int: ["type": "integer", "format": "int64"]
        // Numbers are taken, too; clients that validate must let them pass.
        case .quantity: ["x-kubernetes-int-or-string": true]
        case .time, .microTime: ["type": "string", "format": "date-time"]
        case .enumeration(let values): ["type": "string", "enum": .array(values.map(JSON.string))]
        case .list(let item): ["type": "array", "items": .object(self.type(item))]
        case .map(let value): ["type": "object", "additionalProperties": .object(self.type(value))]
        case .object(let name): reference(name).object ?? [:]
        }
    }

    /// A reference with its own description; kubectl explain reads it through allOf.
    private static func reference(_ name: String, _ doc: String, isDefaulted: Bool = false) -> JSON {
        var schema: JSONObject = ["allOf": [reference(name)], "description": .string(doc)]
        if isDefaulted { schema.append("default", [:]) }
        return .object(schema)
    }

    private static func text(_ doc: String) -> JSON { ["type": "string", "description": .string(doc)] }
    private static func integer(_ doc: String) -> JSON {
        ["type": "integer", "format": "int64", "description": .string(doc)]
    }
}

/// Schemas that no YAML file describes, because every kind has the same.
extension OpenAPISchemas {
    private static var shared: [(String, JSON)] {
        [
            ("ObjectMeta", metadata),
            (
                "OwnerReference",
                object("An object that this one belongs to.", MetadataSchema.ownerReferenceFields)
            ),
            (
                "ListMeta",
                [
                    "type": "object", "description": "Revision and continuation of a list.",
                    "properties": [
                        "resourceVersion": text("Revision of the snapshot."),
                        "continue": text("Token of the next page."),
                        "remainingItemCount": integer("Items that are left."),
                    ],
                ]
            ),
            (
                "Status",
                [
                    "type": "object", "description": "Why a request failed, or that it did not.",
                    "properties": [
                        "apiVersion": text("v1."), "kind": text("Status."),
                        "metadata": ["type": "object", "description": "Empty."],
                        "status": text("Success or Failure."), "message": text("A sentence for people."),
                        "reason": text("One word for programs."), "code": integer("The HTTP status."),
                        "details": [
                            "type": "object", "description": "What it is about, with one cause for each mistake.",
                            "x-kubernetes-preserve-unknown-fields": true,
                        ],
                    ],
                ]
            ),
            (
                "DeleteOptions",
                [
                    "type": "object", "description": "How something is deleted.",
                    "properties": [
                        "apiVersion": text("v1."), "kind": text("DeleteOptions."),
                        "propagationPolicy": [
                            "type": "string", "enum": ["Background", "Foreground", "Orphan"],
                            "description":
                                "What happens to objects that it owns: collected afterwards, first, or kept.",
                        ],
                        "orphanDependents": ["type": "boolean", "description": "The old word for Orphan."],
                        "gracePeriodSeconds": integer("Accepted; objects end when their finalizers are gone."),
                        "preconditions": [
                            "type": "object", "description": "Deletes this object and no other of its name.",
                            "properties": [
                                "uid": text("Identity that it must have."),
                                "resourceVersion": text("Revision that it must have."),
                            ],
                        ],
                        "dryRun": [
                            "type": "array", "items": ["type": "string", "enum": ["All"]],
                            "description": "`All` changes nothing.",
                        ],
                    ],
                ]
            ),
        ]
    }

    static let scaleKind: JSON = ["group": "autoscaling", "version": "v1", "kind": .string(ScaleView.kind)]

    private static var scale: JSON {
        [
            "type": "object", "description": "How many an object has of what it is made of.",
            "properties": [
                "apiVersion": text("autoscaling/v1."), "kind": text("Scale."),
                "metadata": reference("ObjectMeta", "Name, identity and revision of the object."),
                "spec": [
                    "type": "object", "description": "What is wanted.",
                    "properties": ["replicas": integer("How many.")],
                ],
                "status": [
                    "type": "object", "description": "What there is.",
                    "properties": [
                        "replicas": integer("How many."), "selector": text("Labels of what it is made of."),
                    ],
                ],
            ], "x-kubernetes-group-version-kind": [scaleKind],
        ]
    }

    private static var metadata: JSON {
        var properties = JSONObject()
        for field in MetadataSchema.fields {
            var schema = property(field)
            switch field.name {
            case "ownerReferences":
                schema["x-kubernetes-list-type"] = "map"
                schema["x-kubernetes-list-map-keys"] = ["uid"]
            case "finalizers": schema["x-kubernetes-list-type"] = "set"
            default: break
            }
            properties.append(field.name, schema)
        }
        properties.append(
            "managedFields",
            [
                "type": "array", "description": "Who owns which fields, for server-side apply.",
                "x-kubernetes-list-type": "atomic",
                "items": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
            ])
        properties.append("selfLink", text("Accepted and dropped."))
        return [
            "type": "object", "description": "Names, identity, revision and relations of an object.",
            "properties": .object(properties),
        ]
    }
}
