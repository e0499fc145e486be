/// The paths of one kind, with the operations that kubectl looks for.
struct OpenAPIPaths {
    let kind: Kind

    var members: [(String, Document)] {
        let root = kind.group.isEmpty ? "/api/\(kind.version)" : "/apis/\(kind.group)/\(kind.version)"
        let space: [Document] = kind.namespaced ? [parameter("namespace", in: "path", "The tenant.")] : []
        let collection = root + (kind.namespaced ? "/namespaces/{namespace}/" : "/") + kind.plural
        let name = space + [parameter("name", in: "path", "Name of the object.")]
        var members: [(String, Document)] = []
        if kind.namespaced { members.append(("\(root)/\(kind.plural)", .object([("get", list)]))) }
        members.append((collection, item(space, [("get", list), ("post", write("create", "post", "201"))])))
        members.append(("\(collection)/{name}", item(name, object)))
        if kind.status != nil {
            members.append(("\(collection)/{name}/status", item(name, object.filter { $0.0 != "delete" })))
        }
        return members
    }

    static func groupVersionKind(_ kind: Kind, _ name: String) -> Document {
        .object([("group", .string(kind.group)), ("version", .string(kind.version)), ("kind", .string(name))])
    }

    private var object: [(String, Document)] {
        [
            ("get", operation("get", "get", [], nil, "200", kind.kind)), ("put", write("update", "put", "200")),
            ("patch", patch), ("delete", operation("delete", "delete", [dryRun], nil, "200", "Status")),
        ]
    }

    private var list: Document {
        let query = [
            parameter("labelSelector", in: "query", "Selects by labels."),
            parameter("fieldSelector", in: "query", "Selects by fields."),
            parameter("limit", in: "query", "Most items of a page.", type: "integer"),
            parameter("continue", in: "query", "Token of the next page."),
            parameter("resourceVersion", in: "query", "Revision to read at, or to watch from."),
            parameter("watch", in: "query", "Streams changes.", type: "boolean"),
        ]
        return operation("list", "list", query, nil, "200", kind.kind + "List")
    }

    private func write(_ verb: String, _ action: String, _ code: String) -> Document {
        let body: Document = .object([("application/json", .object([("schema", reference(kind.kind))]))])
        return operation(verb, action, [dryRun, fieldManager, fieldValidation], body, code, kind.kind)
    }

    private var patch: Document {
        let body: Document = .object([
            ("application/merge-patch+json", .object([("schema", .object([("type", .string("object"))]))]))
        ])
        return operation("patch", "patch", [dryRun, fieldManager, fieldValidation], body, "200", kind.kind)
    }

    private var dryRun: Document { parameter("dryRun", in: "query", "`All` changes nothing.") }
    private var fieldManager: Document { parameter("fieldManager", in: "query", "Who writes.") }
    private var fieldValidation: Document { parameter("fieldValidation", in: "query", "Ignore, Warn or Strict.") }

    private func operation(
        _ verb: String, _ action: String, _ parameters: [Document], _ body: Document?, _ code: String, _ result: String
    ) -> Document {
        var members: [(String, Document)] = [("description", .string("\(verb) \(kind.kind)"))]
        if !parameters.isEmpty { members.append(("parameters", .list(parameters))) }
        if let body { members.append(("requestBody", .object([("content", body), ("required", .bool(true))]))) }
        members.append(
            ("responses", .object([(code, response("OK", result)), ("default", response("Failure", "Status"))])))
        members.append(("x-kubernetes-action", .string(action)))
        members.append(("x-kubernetes-group-version-kind", Self.groupVersionKind(kind, kind.kind)))
        return .object(members)
    }

    private func response(_ doc: String, _ schema: String) -> Document {
        .object([
            ("description", .string(doc)),
            ("content", .object([("application/json", .object([("schema", reference(schema))]))])),
        ])
    }

    private func reference(_ name: String) -> Document { .object([("$ref", .string("#/components/schemas/\(name)"))]) }

    private func item(_ parameters: [Document], _ operations: [(String, Document)]) -> Document {
        .object(operations + (parameters.isEmpty ? [] : [("parameters", .list(parameters))]))
    }

    private func parameter(_ name: String, in place: String, _ doc: String, type: String = "string") -> Document {
        .object(
            [("name", .string(name)), ("in", .string(place)), ("description", .string(doc))]
                + (place == "path" ? [("required", .bool(true))] : [])
                + [("schema", .object([("type", .string(type))]))])
    }
}
