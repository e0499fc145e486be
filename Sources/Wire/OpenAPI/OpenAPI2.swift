/// The OpenAPI 2 document of a whole server, which kubectl before 1.27 and Argo CD read.
package enum OpenAPI2 {
    /// - Parameter documents: what `OpenAPI3` made, one for each group version.
    package static func document(of documents: [JSON]) -> JSON {
        var paths = JSONObject()
        var definitions: [String: JSON] = [:]
        for document in documents {
            for path in document["paths"]?.object?.members ?? [] { paths.append(path.key, self.path(path.value)) }
            for schema in document.at(["components", "schemas"])?.object?.members ?? [] {
                definitions[schema.key] = self.schema(schema.value)
            }
        }
        let sorted = definitions.sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: $0.value) }
        return [
            "swagger": "2.0", "info": ["title": "Tidemill", "version": "unversioned"],
            "paths": .object(paths), "definitions": .object(JSONObject(sorted)),
        ]
    }

    private static func path(_ item: JSON) -> JSON {
        var result = JSONObject()
        for member in item.object?.members ?? [] {
            result.append(
                member.key,
                member.key == "parameters"
                    ? .array((member.value.array ?? []).map(parameter)) : operation(member.value))
        }
        return .object(result)
    }

    private static func operation(_ operation: JSON) -> JSON {
        var result = JSONObject()
        var parameters = (operation["parameters"]?.array ?? []).map(parameter)
        let bodies = operation.at(["requestBody", "content"])?.object?.members ?? []
        if let body = bodies.first {
            parameters.append([
                "name": "body", "in": "body", "required": operation.at(["requestBody", "required"]) ?? false,
                "schema": bodies.count > 1 && body.key != "application/json"
                    ? ["type": "object"] : schema(body.value["schema"] ?? [:]),
            ])
        }
        for member in operation.object?.members ?? [] {
            switch member.key {
            case "parameters", "requestBody": break
            case "responses": result.append("responses", responses(member.value))
            default: result.append(member.key, member.value)
            }
        }
        if !parameters.isEmpty { result.append("parameters", .array(parameters)) }
        if !bodies.isEmpty { result.append("consumes", .array(bodies.map { .string($0.key) })) }
        result.append("produces", ["application/json"])
        return .object(result)
    }

    private static func responses(_ responses: JSON) -> JSON {
        .object(
            JSONObject(
                (responses.object?.members ?? []).map { response in
                    var result: JSONObject = ["description": response.value["description"] ?? ""]
                    if let content = response.value.at(["content", "application/json", "schema"]) {
                        result.append("schema", schema(content))
                    }
                    return .init(key: response.key, value: .object(result))
                }))
    }

    /// Its type stands in it, not in a schema of its own.
    private static func parameter(_ parameter: JSON) -> JSON {
        var result = parameter.object ?? [:]
        result["schema"] = nil
        result["type"] = parameter.at(["schema", "type"])
        return .object(result)
    }

    /// References lie elsewhere, and say what `allOf` said; of several forms there is the first.
    private static func schema(_ schema: JSON) -> JSON {
        switch schema {
        case .array(let items): return .array(items.map(self.schema))
        case .object(let object):
            if let first = object["anyOf"]?.array?.first { return self.schema(first) }
            var result = JSONObject()
            for member in object.members {
                switch (member.key, member.value) {
                case ("allOf", .array(let parts)):
                    for part in parts.first?.object?.members ?? [] {
                        result.append(part.key, reference(part.value))
                    }
                case ("$ref", let target): result.append("$ref", reference(target))
                case ("x-kubernetes-int-or-string", _):
                    result.append("type", "string")
                    result.append("format", "int-or-string")
                // Beside a reference there is nothing but its description.
                case ("default", _) where object["allOf"] != nil: break
                default: result.append(member.key, self.schema(member.value))
                }
            }
            return .object(result)
        default: return schema
        }
    }

    private static func reference(_ target: JSON) -> JSON {
        .string("#/definitions/" + (target.string?.split(separator: "/").last.map(String.init) ?? ""))
    }
}
