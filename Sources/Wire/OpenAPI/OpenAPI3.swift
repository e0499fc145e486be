import TidemillModel

/// The OpenAPI 3 document of one group version, as kubectl explain and validation want it.
package enum OpenAPI3 {
    /// - Parameter kinds: all of one group version.
    package static func document(_ apiVersion: String, _ kinds: [KindInfo]) -> JSON {
        [
            "openapi": "3.0.0", "info": ["title": "Tidemill", "version": .string(apiVersion)],
            "paths": .object(JSONObject(kinds.flatMap { OpenAPIPaths(kind: $0).members })),
            "components": ["schemas": .object(JSONObject(OpenAPISchemas(kinds).members))],
        ]
    }
}

/// The paths of one kind, with the operations that kubectl looks for.
private struct OpenAPIPaths {
    let kind: KindInfo

    var members: [JSONObject.Member] {
        let root = kind.group.isEmpty ? "/api/\(kind.version)" : "/apis/\(kind.group)/\(kind.version)"
        let space = kind.namespaced ? [parameter("namespace", in: "path", "The tenant.")] : []
        let collection = root + (kind.namespaced ? "/namespaces/{namespace}/" : "/") + kind.plural
        if kind.isReview {
            return [.init(key: collection, value: item(space, ["post": write("create", "post", "201")]))]
        }
        let name = space + [parameter("name", in: "path", "Name of the object.")]
        var members: [JSONObject.Member] = []
        if kind.namespaced { members.append(.init(key: "\(root)/\(kind.plural)", value: item([], ["get": list]))) }
        members.append(
            .init(
                key: collection,
                value: item(
                    space,
                    [
                        "get": list, "post": write("create", "post", "201"),
                        "delete": delete("deletecollection", selection, kind.schema.name + "List"),
                    ])))
        let object: JSONObject = [
            "get": operation("get", "get", [], "200", kind.schema.name), "put": write("update", "put", "200"),
            "patch": patch,
        ]
        var whole = object
        whole.append("delete", delete("delete", [], kind.schema.name))
        members.append(.init(key: "\(collection)/{name}", value: item(name, whole)))
        if kind.hasStatus { members.append(.init(key: "\(collection)/{name}/status", value: item(name, object))) }
        if kind.scale != nil { members.append(.init(key: "\(collection)/{name}/scale", value: item(name, scale))) }
        return members
    }

    private var scale: JSONObject {
        let written = [dryRun, fieldManager, fieldValidation]
        var operations: JSONObject = [
            "get": operation("get", "get", [], "200", ScaleView.kind),
            "put": operation("update", "put", written, "200", ScaleView.kind),
            "patch": operation("patch", "patch", written, "200", ScaleView.kind),
        ]
        let whole: JSON = ["schema": OpenAPISchemas.reference(ScaleView.kind)]
        let bodies: [(String, JSON)] = [
            ("put", ["application/json": whole, "application/yaml": whole]),
            (
                "patch",
                [
                    "application/json-patch+json": ["schema": ["type": "array", "items": ["type": "object"]]],
                    "application/merge-patch+json": ["schema": ["type": "object"]],
                ]
            ),
        ]
        for (verb, content) in bodies {
            operations[verb]?["requestBody"] = ["content": content, "required": true]
        }
        for verb in operations.keys {
            operations[verb]?["x-kubernetes-group-version-kind"] = OpenAPISchemas.scaleKind
        }
        return operations
    }

    private var selection: [JSON] {
        [
            parameter("labelSelector", in: "query", "Selects by labels."),
            parameter("fieldSelector", in: "query", "Selects by fields."),
            parameter("limit", in: "query", "Most items of a page.", type: "integer"),
            parameter("continue", in: "query", "Token of the next page."),
            parameter("resourceVersion", in: "query", "Revision to read at, or to watch from."),
            parameter("resourceVersionMatch", in: "query", "Exact or NotOlderThan."),
        ]
    }

    private var list: JSON {
        let watching = [
            parameter("watch", in: "query", "Streams changes.", type: "boolean"),
            parameter("allowWatchBookmarks", in: "query", "A watch tells its revision now and then.", type: "boolean"),
            parameter("sendInitialEvents", in: "query", "A watch begins with what is there.", type: "boolean"),
            parameter("timeoutSeconds", in: "query", "A watch ends after so long.", type: "integer"),
        ]
        return operation("list", "list", selection + watching, "200", kind.schema.name + "List")
    }

    private func write(_ verb: String, _ action: String, _ code: String) -> JSON {
        var schema = operation(verb, action, [dryRun, fieldManager, fieldValidation], code, kind.schema.name)
        schema["requestBody"] = [
            "content": .object(
                JSONObject(
                    ["application/json", "application/yaml"].map {
                        .init(key: $0, value: ["schema": OpenAPISchemas.reference(kind.schema.name)])
                    })), "required": true,
        ]
        return schema
    }

    private var patch: JSON {
        let force = parameter("force", in: "query", "An apply takes what others own.", type: "boolean")
        let any: JSON = ["schema": ["type": "object"]]
        let list: JSON = ["schema": ["type": "array", "items": ["type": "object"]]]
        // A second shape of a kind is patched in one way.
        let isView = KindView.of(kind) != nil
        let content: JSON =
            isView
            ? ["application/merge-patch+json": any]
            : [
                "application/json-patch+json": list, "application/merge-patch+json": any,
                "application/apply-patch+yaml": any,
            ]
        var schema = operation(
            "patch", "patch", [dryRun, fieldManager, fieldValidation] + (isView ? [] : [force]), "200",
            kind.schema.name)
        schema["requestBody"] = ["content": content, "required": true]
        if var responses = schema["responses"]?.object, let made = responses["200"] {
            responses["201"] = made
            schema["responses"] = .object(responses)
        }
        return schema
    }

    /// `result` is what is answered when the objects are not gone at once.
    private func delete(_ action: String, _ parameters: [JSON], _ result: String) -> JSON {
        let propagation = parameter("propagationPolicy", in: "query", "Background, Foreground or Orphan.")
        var schema = operation("delete", action, parameters + [dryRun, propagation], "200", "Status")
        schema["requestBody"] = [
            "content": ["application/json": ["schema": OpenAPISchemas.reference("DeleteOptions")]]
        ]
        let either: JSON = ["anyOf": [OpenAPISchemas.reference("Status"), OpenAPISchemas.reference(result)]]
        if var responses = schema["responses"]?.object {
            responses["200"] = response("OK", either)
            schema["responses"] = .object(responses)
        }
        return schema
    }

    private var dryRun: JSON { parameter("dryRun", in: "query", "`All` changes nothing.") }
    private var fieldManager: JSON { parameter("fieldManager", in: "query", "Who writes.") }
    private var fieldValidation: JSON { parameter("fieldValidation", in: "query", "Ignore, Warn or Strict.") }

    private func operation(
        _ verb: String, _ action: String, _ parameters: [JSON], _ code: String, _ result: String
    ) -> JSON {
        var members: JSONObject = ["description": .string("\(verb) \(kind.kind)")]
        if !parameters.isEmpty { members.append("parameters", .array(parameters)) }
        members.append(
            "responses",
            [
                code: response("OK", OpenAPISchemas.reference(result)),
                "default": response("Failure", OpenAPISchemas.reference("Status")),
            ])
        members.append("x-kubernetes-action", .string(action))
        members.append("x-kubernetes-group-version-kind", OpenAPISchemas.groupVersionKind(kind, kind.kind))
        return .object(members)
    }

    private func response(_ doc: String, _ schema: JSON) -> JSON {
        ["description": .string(doc), "content": ["application/json": ["schema": schema]]]
    }

    private func item(_ parameters: [JSON], _ operations: JSONObject) -> JSON {
        var item = operations
        if !parameters.isEmpty { item.append("parameters", .array(parameters)) }
        return .object(item)
    }

    private func parameter(_ name: String, in place: String, _ doc: String, type: String = "string") -> JSON {
        var members: JSONObject = ["name": .string(name), "in": .string(place), "description": .string(doc)]
        if place == "path" { members.append("required", true) }
        members.append("schema", ["type": .string(type)])
        return .object(members)
    }
}
