/// The same document as protocol buffers, in which kubectl before 1.27 insists on reading it. Field numbers are those of
/// gnostic's OpenAPIv2.proto.
extension OpenAPI2 {
    /// What clients accept, with `@` where the answer has a dot.
    package static let acceptedProtobufSubtype = "com.github.proto-openapi.spec.v2@v1.0+protobuf"
    package static let protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

    /// `document` is what `document(of:)` made.
    package static func protobuf(_ document: JSON) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.put(1, "2.0")
        writer.put(2) { info in
            info.put(1, document.at(["info", "title"])?.string ?? "")
            info.put(2, document.at(["info", "version"])?.string ?? "")
        }
        writer.put(8) { paths in
            for path in document["paths"]?.object?.members ?? [] {
                paths.put(2) { named in
                    named.put(1, path.key)
                    named.put(2) { $0.path(path.value) }
                }
            }
        }
        writer.put(9) { $0.named(document["definitions"]) }
        return writer.bytes
    }
}

extension ProtobufWriter {
    fileprivate mutating func path(_ item: JSON) {
        for (verb, number) in [("get", 2), ("put", 3), ("post", 4), ("delete", 5), ("patch", 8)] as [(String, UInt64)] {
            guard let operation = item[verb] else { continue }
            put(number) { $0.operation(operation) }
        }
        for parameter in item["parameters"]?.array ?? [] { put(9) { $0.parameter(parameter) } }
    }

    private mutating func operation(_ operation: JSON) {
        if let text = operation["description"]?.string { put(3, text) }
        for type in operation["produces"]?.array ?? [] { put(6, type.string ?? "") }
        for type in operation["consumes"]?.array ?? [] { put(7, type.string ?? "") }
        for parameter in operation["parameters"]?.array ?? [] { put(8) { $0.parameter(parameter) } }
        put(9) { responses in
            for response in operation["responses"]?.object?.members ?? [] {
                responses.put(1) { named in
                    named.put(1, response.key)
                    named.put(2) { value in
                        value.put(1) { $0.response(response.value) }
                    }
                }
            }
        }
        extensions(operation, 13)
    }

    private mutating func response(_ response: JSON) {
        put(1, response["description"]?.string ?? "")
        if let schema = response["schema"] {
            put(2) { item in item.put(1) { $0.schema(schema) } }
        }
    }

    /// A ParametersItem.
    private mutating func parameter(_ parameter: JSON) {
        let place = parameter["in"]?.string ?? ""
        put(1) { item in
            if place == "body" {
                item.put(1) { body in
                    body.put(2, parameter["name"]?.string ?? "")
                    body.put(3, place)
                    if parameter["required"] == true { body.put(4, true) }
                    body.put(5) { $0.schema(parameter["schema"] ?? [:]) }
                }
                return
            }
            item.put(2) { other in
                // The sub-schemas of query and path have one more field before the type in the former.
                let isQuery = place == "query"
                other.put(isQuery ? 3 : 4) { inner in
                    if parameter["required"] == true { inner.put(1, true) }
                    inner.put(2, place)
                    inner.put(3, parameter["description"]?.string ?? "")
                    inner.put(4, parameter["name"]?.string ?? "")
                    inner.put(isQuery ? 6 : 5, parameter["type"]?.string ?? "string")
                }
            }
        }
    }

    /// NamedSchemas.
    fileprivate mutating func named(_ schemas: JSON?) {
        for member in schemas?.object?.members ?? [] {
            put(1) { named in
                named.put(1, member.key)
                named.put(2) { $0.schema(member.value) }
            }
        }
    }

    private mutating func schema(_ schema: JSON) {
        for (name, number) in [("$ref", 1), ("format", 2), ("description", 4)] as [(String, UInt64)] {
            if let text = schema[name]?.string { put(number, text) }
        }
        for name in schema["required"]?.array ?? [] { put(19, name.string ?? "") }
        for value in schema["enum"]?.array ?? [] {
            put(20) { $0.put(2, value.text) }
        }
        if let values = schema["additionalProperties"] {
            put(21) { item in item.put(1) { $0.schema(values) } }
        }
        if let type = schema["type"]?.string {
            put(22) { $0.put(1, type) }
        }
        if let items = schema["items"] {
            put(23) { item in item.put(1) { $0.schema(items) } }
        }
        if let properties = schema["properties"] {
            put(25) { $0.named(properties) }
        }
        extensions(schema, 31)
    }

    /// Members that start with `x-`, as YAML, of which JSON is a part.
    private mutating func extensions(_ value: JSON, _ number: UInt64) {
        for member in value.object?.members ?? [] where member.key.hasPrefix("x-") {
            put(number) { named in
                named.put(1, member.key)
                named.put(2) { $0.put(2, member.value.text) }
            }
        }
    }
}
