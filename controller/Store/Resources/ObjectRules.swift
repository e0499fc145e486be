import TidemillModel
import TidemillWire

/// What writes make of objects, decided on trees alone: admission, what the server sets, what may not change.
struct ObjectRules: Sendable {
    let codec: KindCodec
    let owners: FieldOwners
    private var kind: KindInfo { codec.info }

    init(_ codec: KindCodec) {
        self.codec = codec
        owners = FieldOwners(codec.info)
    }

    /// Which parts of a new tree count.
    enum Part: Sendable {
        case main, status, all
    }

    /// How a write is taken.
    struct Terms: Sendable {
        var ownership = Ownership.writer(.controller)
        var validation = FieldValidation.strict
        var now: Timestamp
    }

    /// What a write makes, as it is stored, and what its client should know.
    struct Result: Sendable {
        var tree: JSON
        var warnings: [String]
    }

    /// What only the server sets; what clients send of it is passed over.
    private static let serverSet = [
        "uid", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
    ]

    /// The object that `body` asks for in `namespace`, as it is stored. The name is `name` unless that is nil.
    func created(
        _ body: JSON, namespace: String, name: String?, uid: String, keepsStatus: Bool, _ terms: Terms
    ) throws(APIError) -> Result {
        var tree = body
        var metadata = try checkedMetadata(of: body, namespace: namespace)
        if let version = metadata["resourceVersion"]?.string, !version.isEmpty {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
        metadata["resourceVersion"] = nil
        for field in Self.serverSet { metadata[field] = nil }
        if kind.namespaced { metadata["namespace"] = .string(namespace) }
        if let name { metadata["name"] = .string(name) }
        metadata["uid"] = .string(uid)
        metadata["generation"] = 1
        metadata["creationTimestamp"] = .string(terms.now.text)
        if kind == Kinds.namespaceInfo, let name = metadata["name"] {
            var labels = metadata["labels"] ?? .object(JSONObject())
            if labels.object != nil { labels["kubernetes.io/metadata.name"] = name }
            metadata["labels"] = labels
        }
        tree["metadata"] = .object(metadata)
        if kind.hasStatus && !keepsStatus { tree["status"] = nil }
        var result = try admitted(tree, old: nil, terms.validation)
        result.tree = owners.settled(
            result.tree, over: nil, body: body, part: .main, by: terms.ownership, now: terms.now)
        return result
    }

    /// What `body` makes of `old`, as it is stored; equal to `old` when nothing changes.
    func replaced(
        _ old: JSON, by body: JSON, of ref: ObjectRef, part: Part, _ terms: Terms
    ) throws(APIError) -> Result {
        var tree: JSON
        if part == .status {
            let metadata = try checkedMetadata(of: body, ref)
            if let uid = metadata["uid"]?.string, !uid.isEmpty { try Self.check(uid: uid, of: old, ref) }
            tree = old
            tree["status"] = body["status"]
        } else {
            tree = body
            tree["metadata"] = .object(try replacedMetadata(of: body, old: old, ref))
            if kind.hasStatus && part == .main { tree["status"] = old["status"] }
        }
        var result = try admitted(tree, old: old, terms.validation)
        if part != .status, declared(result.tree) != declared(old) {
            result.tree["metadata"]?["generation"] = .integer((old["metadata"]?["generation"]?.integer ?? 0) + 1)
        }
        result.tree = owners.settled(
            result.tree, over: old, body: body, part: part, by: terms.ownership, now: terms.now)
        return result
    }

    private func replacedMetadata(of body: JSON, old: JSON, _ ref: ObjectRef) throws(APIError) -> JSONObject {
        var metadata = try checkedMetadata(of: body, ref)
        if let uid = metadata["uid"]?.string, !uid.isEmpty { try Self.check(uid: uid, of: old, ref) }
        metadata["name"] = .string(ref.name)
        if kind.namespaced { metadata["namespace"] = .string(ref.namespace) }
        metadata["resourceVersion"] = nil
        for field in Self.serverSet { metadata[field] = old["metadata"]?[field] }
        metadata["generateName"] = old["metadata"]?["generateName"]
        return metadata
    }

    /// The object on its way out: marked, and kept for `finalizers`.
    func terminating(_ old: JSON, finalizers: [JSON], now: Timestamp) -> JSON {
        var tree = old
        tree["metadata"]?["finalizers"] = .array(finalizers)
        tree["metadata"]?["deletionTimestamp"] = .string(now.text)
        tree["metadata"]?["deletionGracePeriodSeconds"] = 0
        tree["metadata"]?["generation"] = .integer((old["metadata"]?["generation"]?.integer ?? 0) + 1)
        if kind == Kinds.namespaceInfo { tree["status"] = ["phase": "Terminating"] }
        return tree
    }

    /// Throws when a task's status is of an older attempt than the one that it would be written over, or than the one that
    /// its slice is granted to now (invariant 1b): results carry their attempt's token, and an older one is refused.
    static func checkToken(of new: JSON, over old: JSON, granted: Int64?, _ ref: ObjectRef) throws(APIError) {
        guard new["status"] != old["status"] else { return }
        let newest = max(old.at(["status", "token"])?.integer ?? 0, granted ?? 0)
        for path in [["status", "token"], ["status", "end", "token"]] {
            guard let token = new.at(path)?.integer, token < newest else { continue }
            // Not a conflict: reading again helps nobody who reports an older attempt.
            throw .invalid(
                kind: ref.kind.groupKind, name: ref.name,
                errors: [
                    .invalid(
                        path.joined(separator: "."), token,
                        "the current attempt has token \(newest), and what an older attempt reports is refused")
                ])
        }
    }

    /// Throws the conflict that Kubernetes gives when an object was re-created under its name.
    static func check(uid: String, of tree: JSON, _ ref: ObjectRef) throws(APIError) {
        let current = tree["metadata"]?["uid"]?.string ?? ""
        if uid == current { return }
        throw .conflict(
            resource: ref.kind.groupResource, name: ref.name,
            message: "Precondition failed: UID in precondition: \(uid), UID in object meta: \(current)")
    }

    /// The metadata of a body that is about `ref`.
    @discardableResult
    func checkedMetadata(of body: JSON, _ ref: ObjectRef) throws(APIError) -> JSONObject {
        let metadata = try checkedMetadata(of: body, namespace: ref.namespace)
        if let name = metadata["name"]?.string, !name.isEmpty, name != ref.name {
            throw .badRequest("the name of the object (\(name)) does not match the name on the URL (\(ref.name))")
        }
        return metadata
    }

    /// The metadata of a body whose type and namespace are those of the request.
    private func checkedMetadata(of body: JSON, namespace: String) throws(APIError) -> JSONObject {
        guard case .object(let object) = body else {
            throw .badRequest("the body must be an object, not \(body.typeName)")
        }
        for (field, wanted) in [("apiVersion", kind.apiVersion), ("kind", kind.kind)] {
            guard let value = object[field], value != .null, value != "" else { continue }
            if value != .string(wanted) {
                throw .badRequest(
                    "\(field) in the data (\(value.text)) does not match the expected \(field) (\(wanted))")
            }
        }
        guard let metadata = object["metadata"], metadata != .null else { return JSONObject() }
        guard case .object(let members) = metadata else {
            throw .badRequest("metadata must be an object, not \(metadata.typeName)")
        }
        if kind.namespaced, let found = members["namespace"]?.string, !found.isEmpty, found != namespace {
            throw .badRequest(
                "the namespace of the provided object (\(found)) does not match the namespace sent on the request (\(namespace))"
            )
        }
        return members
    }

    /// What the schema makes of `tree`, or all that is wrong with it.
    private func admitted(_ tree: JSON, old: JSON?, _ validation: FieldValidation) throws(APIError) -> Result {
        var (admitted, errors) = Admission.admit(tree, kind: kind)
        let warnings = try checked(unknown: errors.filter { $0.reason == .unknown }, validation)
        errors.removeAll { $0.reason == .unknown }
        if errors.isEmpty, let old {
            errors = Admission.immutableViolations(old: old, new: admitted, kind: kind) + addedFinalizers(old, admitted)
        }
        if errors.isEmpty { errors = codec.validate(admitted, old: old) }
        guard errors.isEmpty else {
            throw .invalid(kind: kind.groupKind, name: tree["metadata"]?["name"]?.string ?? "", errors: errors)
        }
        return Result(tree: admitted, warnings: warnings)
    }

    /// What the client is told of members that no schema knows. Throws `.badRequest` where they are refused.
    func checked(unknown: [FieldError], _ validation: FieldValidation) throws(APIError) -> [String] {
        if unknown.isEmpty { return [] }
        switch validation {
        case .strict:
            throw .badRequest(
                "\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): strict decoding error: "
                    + unknown.map(\.message).joined(separator: ", "))
        case .warn: return unknown.map(\.message)
        case .ignore: return []
        }
    }

    private func addedFinalizers(_ old: JSON, _ new: JSON) -> [FieldError] {
        guard old["metadata"]?["deletionTimestamp"] != nil else { return [] }
        let added = Set(new.finalizers).subtracting(old.finalizers).compactMap(\.string).sorted()
        if added.isEmpty { return [] }
        return [
            .forbidden(
                "metadata.finalizers",
                "no new finalizers can be added if the object is being deleted, found new finalizers "
                    + added.joined(separator: ", "))
        ]
    }

    /// What `generation` counts the changes of: everything but metadata and status.
    private func declared(_ tree: JSON) -> JSONObject {
        var object = tree.object ?? JSONObject()
        object["metadata"] = nil
        object["status"] = nil
        return object
    }
}

extension JSON {
    /// `metadata.finalizers` of an object.
    var finalizers: [JSON] { self["metadata"]?["finalizers"]?.array ?? [] }

    /// True when `metadata.deletionTimestamp` of an object is set.
    var isTerminating: Bool { self["metadata"]?["deletionTimestamp"] != nil }
}
