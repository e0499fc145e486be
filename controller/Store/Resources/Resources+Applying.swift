import TidemillModel
import TidemillSeams
import TidemillWire

extension Resources {
    /// Server-side apply: makes one part of the object what `body` says, and leaves what others declare. Creates the
    /// object when there is none.
    ///
    /// Throws `.ownedByOthers` where somebody else owns a field with another value, unless by `force`.
    package func apply(
        _ ref: ObjectRef, _ body: JSON, _ subresource: Subresource = .main, force: Bool = false, _ options: WriteOptions
    ) async throws(APIError) -> (object: StoredObject, isNew: Bool) {
        if subresource == .status && !ref.kind.hasStatus { throw .noSuchPath }
        let half: FieldShape.Half = subresource == .main ? .main : .status
        let application = Application(
            configuration: try Self.serving(ref) { () throws(ApplyFailure) in
                try AppliedConfiguration(body, ref.kind, half)
            },
            half: half, manager: options.writer.manager, force: force)
        let rules = try rules(of: ref.kind)
        try rules.checkedMetadata(of: body, ref)
        let warnings = try rules.checked(unknown: application.configuration.unknown, options.validation)
        for _ in 0..<Self.attempts {
            guard let current = try await find(ref) else {
                if subresource == .status { throw .notFound(resource: ref.kind.groupResource, name: ref.name) }
                if let made = try await create(ref, body, application, options) {
                    return (made.warning(warnings), true)
                }
                continue
            }
            try Self.check(lock: body, on: current)
            let old = try current.storedTree
            if let uid = body.identity { try ObjectRules.check(uid: uid, of: old, ref) }
            let applied = try Self.serving(ref) { () throws(ApplyFailure) in
                try application.carried(out: rules.owners, on: old, now: timestamp)
            }
            var terms = terms(options)
            terms.ownership = .settled
            let part: ObjectRules.Part = subresource == .main ? .main : .status
            let result = try rules.replaced(old, by: applied, of: ref, part: part, terms)
            if let stored = try await commit(result, over: current, subresource, options) {
                return (stored.warning(warnings), false)
            }
        }
        throw .modified(resource: ref.kind.groupResource, name: ref.name)
    }

    /// The new object; nil when another was faster.
    private func create(
        _ ref: ObjectRef, _ body: JSON, _ application: Application, _ options: WriteOptions
    ) async throws(APIError) -> StoredObject? {
        if body.identity != nil || body["metadata"]?["resourceVersion"]?.string?.isEmpty == false {
            throw .conflict(
                resource: ref.kind.groupResource, name: ref.name,
                message: "it is applied to one that is there already, by uid or resourceVersion, and there is none")
        }
        var metadata: JSONObject = ["name": .string(ref.name)]
        if ref.kind.namespaced { metadata.append("namespace", .string(ref.namespace)) }
        let nothing: JSON = [
            "apiVersion": .string(ref.kind.apiVersion), "kind": .string(ref.kind.kind), "metadata": .object(metadata),
        ]
        let owners = try rules(of: ref.kind).owners
        let applied = try Self.serving(ref) { () throws(ApplyFailure) in
            try application.carried(out: owners, on: nothing, now: timestamp)
        }
        var terms = terms(options)
        terms.ownership = .settled
        let result = try rules(of: ref.kind).created(
            applied, namespace: ref.namespace, name: ref.name, uid: randomness.uuid(), keepsStatus: false, terms)
        do throws(APIError) {
            return try await insert(result, as: ref, options)
        } catch {
            guard case .alreadyExists = error else { throw error }
            return nil
        }
    }

    /// What one request applies, and how.
    private struct Application {
        var configuration: AppliedConfiguration
        var half: FieldShape.Half
        var manager: String
        var force: Bool

        func carried(out owners: FieldOwners, on live: JSON, now: Timestamp) throws(ApplyFailure) -> JSON {
            try owners.applied(configuration, to: live, half, by: manager, force: force, now: now)
        }
    }

    /// Runs `body` and says in the words of the API why something is not applied.
    private static func serving<Value>(
        _ ref: ObjectRef, _ body: () throws(ApplyFailure) -> Value
    ) throws(APIError) -> Value {
        do throws(ApplyFailure) {
            return try body()
        } catch {
            switch error {
            case .malformed(let message): throw .badRequest(message)
            case .invalid(let errors): throw .invalid(kind: ref.kind.groupKind, name: ref.name, errors: errors)
            case .conflicts(let conflicts): throw APIError(conflicts: conflicts)
            }
        }
    }
}

extension JSON {
    /// The uid that a body names; nil for any.
    fileprivate var identity: String? {
        self["metadata"]?["uid"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}
