import TidemillModel

/// How many an object has of what it is made of, as `autoscaling/v1` `Scale`: what `kubectl scale` reads and writes.
package enum ScaleView {
    package static let apiVersion = "autoscaling/v1"
    package static let kind = "Scale"

    /// The scale of an object, resourceVersion included.
    package static func of(_ object: JSON, _ scale: Scale) -> JSON {
        var metadata = JSONObject()
        for name in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            if let value = object.at(["metadata", name]) { metadata.append(name, value) }
        }
        let name = object.at(["metadata", "name"])?.string ?? ""
        return [
            "kind": .string(kind), "apiVersion": .string(apiVersion), "metadata": .object(metadata),
            "spec": ["replicas": object.at(scale.replicas) ?? 0],
            "status": [
                "replicas": object.at(scale.current) ?? 0, "selector": .string("\(scale.label)=\(name)"),
            ],
        ]
    }

    /// `object` with the number that `wanted` says, for the revision that `wanted` says.
    ///
    /// Throws `.badRequest` for what is no Scale, and `.invalid` when it says no number. Whether the object may have so
    /// many is for its own kind to say.
    package static func applied(_ wanted: JSON, to object: JSON, _ scale: Scale) throws(APIError) -> JSON {
        guard case .object(let members) = wanted else {
            throw .badRequest("a Scale must be an object, not \(wanted.typeName)")
        }
        for (field, expected) in [("apiVersion", apiVersion), ("kind", kind)] {
            guard let found = members[field], found != .null, found != .string(expected) else { continue }
            throw .badRequest(
                "\(field) in the data (\(found.shortText)) does not match the expected \(field) (\(expected))")
        }
        guard let number = wanted.at(["spec", "replicas"]), case .integer = number else {
            let found = wanted.at(["spec", "replicas"])
            let error =
                found.map { value in
                    FieldError.wrongType(
                        "spec.replicas", wanted: "an integer", found: value.typeName, value: value.shortText)
                } ?? .required("spec.replicas")
            throw .invalid(
                kind: "Scale.autoscaling", name: object.at(["metadata", "name"])?.string ?? "", errors: [error])
        }
        var result = object.setting(scale.replicas[...], to: number)
        if let most = scale.most, object.at(most) != nil { result = result.setting(most[...], to: number) }
        result["metadata"]?["resourceVersion"] = wanted.at(["metadata", "resourceVersion"])
        for name in ["name", "namespace", "uid"] {
            if let value = wanted.at(["metadata", name]) { result["metadata"]?[name] = value }
        }
        return result
    }
}

extension JSON {
    /// The object with `value` at a path of member names, which is made where it is missing.
    fileprivate func setting(_ path: ArraySlice<String>, to value: JSON) -> JSON {
        guard let first = path.first else { return value }
        var object = self
        object[first] = (self[first] ?? [:]).setting(path.dropFirst(), to: value)
        return object
    }
}
