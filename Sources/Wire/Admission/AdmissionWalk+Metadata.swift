import TidemillModel
import TidemillSeams

extension AdmissionWalk {
    /// All annotations of an object together, keys and values, in bytes; as Kubernetes has it.
    private static let mostAnnotationBytes = 256 << 10

    mutating func metadata(_ json: JSON?, kind: KindInfo) -> JSON {
        guard let json, json != .null else {
            path.enter(member: "name")
            report { .required($0, "name or generateName is required") }
            path.leave()
            return .object(JSONObject())
        }
        guard case .object(let object) = json else { return wrongType("an object", json) }
        var result = JSONObject()
        for field in MetadataSchema.fields {
            path.enter(member: field.name)
            if let value = object[field.name], value != .null,
                let admitted = metadataField(value, field, kind: kind)
            {
                result.append(field.name, admitted)
            }
            path.leave()
        }
        for member in object.members where !MetadataSchema.isKnown(member.key) {
            report(unknown: member.key)
        }
        if result["name"] == nil, result["generateName"] == nil {
            path.enter(member: "name")
            report { .required($0, "name or generateName is required") }
            path.leave()
        }
        return .object(result)
    }

    /// The admitted value; nil when it says nothing.
    private mutating func metadataField(_ json: JSON, _ field: SchemaField, kind: KindInfo) -> JSON? {
        switch field.name {
        case "labels": return labels(json)
        case "annotations": return annotations(json)
        case "ownerReferences": return ownerReferences(json)
        case "finalizers": return finalizers(json)
        default: break
        }
        let admitted = scalar(json, field.type, field)
        guard case .string(let text) = admitted else { return admitted }
        if text.isEmpty { return nil }
        switch field.name {
        case "name": checkName(text, kind)
        case "generateName": checkName(text.hasSuffix("-") ? text + "x" : text, kind, shown: text)
        case "namespace":
            if kind.namespaced {
                for problem in Names.problems(inLabel: text) { report { .invalid($0, text, problem) } }
            } else {
                report { .forbidden($0, "not allowed on this type") }
            }
        default: break
        }
        return admitted
    }

    private mutating func checkName(_ name: String, _ kind: KindInfo, shown: String? = nil) {
        let isNamespace = kind == Kinds.namespaceInfo
        let problems = isNamespace ? Names.problems(inLabel: name) : Names.problems(inSubdomain: name)
        for problem in problems { report { .invalid($0, shown ?? name, problem) } }
    }

    private mutating func labels(_ json: JSON) -> JSON? {
        guard let members = strings(json) else { return nil }
        for member in members.members {
            for problem in Names.problems(inLabelKey: member.key) {
                report { .invalid($0, member.key, problem) }
            }
            let value = member.value.string ?? ""
            for problem in Names.problems(inLabelValue: value) { report { .invalid($0, value, problem) } }
        }
        return members.isEmpty ? JSON?.none : .object(members)
    }

    private mutating func annotations(_ json: JSON) -> JSON? {
        guard let members = strings(json) else { return nil }
        var bytes = 0
        for member in members.members {
            bytes += member.key.utf8.count + (member.value.string?.utf8.count ?? 0)
            // Annotation keys may have upper-case prefixes; everything else is as for labels.
            for problem in Names.problems(inLabelKey: member.key.lowercased()) {
                report { .invalid($0, member.key, problem) }
            }
        }
        if bytes > Self.mostAnnotationBytes { report { .tooLong($0, limit: Self.mostAnnotationBytes) } }
        return members.isEmpty ? JSON?.none : .object(members)
    }

    /// An object whose members are strings; nil, with errors, when it is none.
    private mutating func strings(_ json: JSON) -> JSONObject? {
        guard case .object(let object) = json else {
            _ = wrongType("an object", json)
            return nil
        }
        var result = JSONObject()
        for member in object.members where member.value != .null {
            path.enter(key: member.key)
            if case .string = member.value {
                result.append(member.key, member.value)
            } else {
                _ = wrongType("a string", member.value)
            }
            path.leave()
        }
        return result
    }

    private mutating func ownerReferences(_ json: JSON) -> JSON? {
        guard case .array(let items) = json else { return wrongType("a list", json) }
        var result: [JSON] = []
        var controllers = 0
        for (index, item) in items.enumerated() {
            path.enter(index: index)
            let admitted = ownerReference(item)
            if admitted["controller"] == .bool(true) { controllers += 1 }
            result.append(admitted)
            path.leave()
        }
        if controllers > 1 {
            report { .forbidden($0, "only one reference can have controller set to true") }
        }
        return result.isEmpty ? JSON?.none : .array(result)
    }

    private mutating func ownerReference(_ json: JSON) -> JSON {
        guard case .object(let object) = json else { return wrongType("an object", json) }
        var result = JSONObject()
        for field in MetadataSchema.ownerReferenceFields {
            path.enter(member: field.name)
            if let value = object[field.name], value != .null {
                result.append(field.name, scalar(value, field.type, field))
            } else if field.required {
                report { .required($0) }
            }
            path.leave()
        }
        for member in object.members
        where !MetadataSchema.ownerReferenceFields.contains(where: { $0.name == member.key }) {
            report(unknown: member.key)
        }
        return .object(result)
    }

    private mutating func finalizers(_ json: JSON) -> JSON? {
        guard case .array(let items) = json else { return wrongType("a list", json) }
        var result: [JSON] = []
        for (index, item) in items.enumerated() {
            path.enter(index: index)
            if case .string(let text) = item {
                for problem in MetadataSchema.finalizerProblems(text) { report { .invalid($0, text, problem) } }
                if !result.contains(item) { result.append(item) }
            } else {
                _ = wrongType("a string", item)
            }
            path.leave()
        }
        return result.isEmpty ? JSON?.none : .array(result)
    }
}
