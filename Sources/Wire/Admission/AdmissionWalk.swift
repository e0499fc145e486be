import TidemillModel

/// One walk of admission through a tree, along the schema.
struct AdmissionWalk {
    private(set) var errors: [FieldError] = []
    /// Members that no schema knows; counted apart, since a lenient server passes over them and over nothing else.
    private(set) var unknown: [FieldError] = []
    var path = FieldPath()

    /// Adds an error, made with the text of the current path.
    mutating func report(_ error: (String) -> FieldError) {
        if errors.count < Admission.mostErrors { errors.append(error(path.text)) }
    }

    /// Adds the member `name` of the current path as one that no schema knows.
    mutating func report(unknown name: String) {
        guard unknown.count < Admission.mostErrors else { return }
        path.enter(member: name)
        unknown.append(.unknown(path.text))
        path.leave()
    }

    mutating func root(_ object: JSONObject, kind: KindInfo) -> JSONObject {
        var result = JSONObject()
        result.append("apiVersion", constant(object, "apiVersion", kind.apiVersion))
        result.append("kind", constant(object, "kind", kind.kind))
        path.enter(member: "metadata")
        result.append("metadata", metadata(object["metadata"], kind: kind))
        path.leave()
        members(of: object, kind.schema, besides: ["apiVersion", "kind", "metadata"], into: &result)
        return result
    }

    /// A member that may be left out but says one thing only.
    private mutating func constant(_ object: JSONObject, _ key: String, _ wanted: String) -> JSON {
        switch object[key] {
        case nil, .null, .string(wanted): break
        case .string(let found): report { _ in .notSupported(key, found, supported: [wanted]) }
        case let found?:
            report { _ in .wrongType(key, wanted: "a string", found: found.typeName, value: found.shortText) }
        }
        return .string(wanted)
    }

    private mutating func object(_ json: JSON, _ typeName: String) -> JSON {
        guard let type = Kinds.types[typeName] else { return json }
        guard case .object(let object) = json else { return wrongType("an object", json) }
        var result = JSONObject()
        members(of: object, type, besides: [], into: &result)
        return .object(result)
    }

    private mutating func members(
        of object: JSONObject, _ type: SchemaType, besides known: [String], into result: inout JSONObject
    ) {
        for member in object.members where type.field(member.key) == nil && !known.contains(member.key) {
            report(unknown: member.key)
        }
        for field in type.fields {
            path.enter(member: field.name)
            if let value = self.field(object[field.name], field) { result.append(field.name, value) }
            path.leave()
        }
    }

    /// The field's admitted value; nil when it stays absent.
    private mutating func field(_ json: JSON?, _ field: SchemaField) -> JSON? {
        guard let json, json != .null else { return absent(field) }
        let admitted = value(json, field.type, field)
        if case .object(let object) = admitted, object.isEmpty, !field.required { return nil }
        if case .array(let items) = admitted, items.isEmpty, !field.required, field.minItems == nil { return nil }
        return admitted
    }

    private mutating func absent(_ field: SchemaField) -> JSON? {
        switch field.defaultValue {
        case .string(let text): return .string(text)
        case .int(let number): return .integer(number)
        case .bool(let flag): return .bool(flag)
        case .emptyObject:
            let made = value(.object(JSONObject()), field.type, field)
            return made.object?.isEmpty == false ? made : JSON?.none  // A bare nil would be JSON's null.
        case nil:
            if field.required { report { .required($0) } }
            return nil
        }
    }

    private mutating func value(_ json: JSON, _ type: FieldType, _ field: SchemaField) -> JSON {
        switch type {
        case .object(let name): object(json, name)
        case .list(let item): list(json, item, field)
        case .map(let value): map(json, value, field)
        default: scalar(json, type, field)
        }
    }

    private mutating func list(_ json: JSON, _ item: FieldType, _ field: SchemaField) -> JSON {
        guard case .array(let items) = json else { return wrongType("a list", json) }
        if let limit = field.maxItems, items.count > limit {
            report { .tooMany($0, count: items.count, limit: limit) }
            return json
        }
        if let least = field.minItems, items.count < least {
            report {
                FieldError(
                    field: $0, reason: .tooSmall, value: "\(items.count)",
                    message: "Invalid value: \(items.count): must have at least \(least) item\(least == 1 ? "" : "s")")
            }
        }
        var result: [JSON] = []
        result.reserveCapacity(items.count)
        var seen: Set<JSON> = []
        for (index, element) in items.enumerated() {
            path.enter(index: index)
            let admitted = value(element, item, field)
            if let key = field.listKey, let identity = admitted[key], !seen.insert(identity).inserted {
                path.enter(member: key)
                report { .duplicate($0, identity.string ?? "") }
                path.leave()
            }
            result.append(admitted)
            path.leave()
        }
        return .array(result)
    }

    private mutating func map(_ json: JSON, _ type: FieldType, _ field: SchemaField) -> JSON {
        guard case .object(let object) = json else { return wrongType("an object", json) }
        var result = JSONObject()
        for member in object.members where member.value != .null {
            path.enter(key: member.key)
            result.append(member.key, value(member.value, type, field))
            path.leave()
        }
        return .object(result)
    }

    mutating func wrongType(_ wanted: String, _ json: JSON) -> JSON {
        report { .wrongType($0, wanted: wanted, found: json.typeName, value: json.shortText) }
        return json
    }
}

extension JSON {
    /// The value as an error message shows it: its JSON text, cut after 60 characters.
    var shortText: String {
        let text = self.text
        // By scalars: a character may be as long as the request.
        return text.utf8.count > 60 ? String(text.unicodeScalars.prefix(60)) + "…" : text
    }
}
