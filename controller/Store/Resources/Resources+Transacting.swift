import TidemillModel
import TidemillSeams
import TidemillWire

extension Resources {
    /// Does all of `changes` at one revision, or none of them; returns that revision. At most 128 changes, less one for each
    /// namespace in which something is created.
    ///
    /// Throws `.conflict` when an object or record is not at the revision that its change was based on (read again, plan
    /// again), `.alreadyExists` for a create, `.notFound`, `.invalid`.
    @discardableResult
    package func transact(_ changes: [Change]) async throws(APIError) -> Revision {
        var draft = TransactionDraft()
        for change in changes { try await add(change, to: &draft) }
        do throws(StoreError) {
            return try await store.commit(draft.transaction)
        } catch {
            guard case .conflict(let key, _) = error else { throw APIError(error) }
            throw draft.refusal(key)
        }
    }

    private func add(_ change: Change, to draft: inout TransactionDraft) async throws(APIError) {
        switch change {
        case .create(let value):
            try await create(value, uid: randomness.uuid(), in: &draft)
        case .recreate(let value):
            guard !value.metadata.uid.isEmpty else {
                throw .internalError("\(value.ref) is re-created without its uid")
            }
            try await create(value, uid: value.metadata.uid, in: &draft)
        case .update(let value):
            try await replace(value, .all, in: &draft)
        case .updateStatus(let value):
            try await replace(value, .status, in: &draft)
        case .delete(let ref, let revision):
            try await delete(ref, revision, in: &draft)
        case .putRecord(let key, let value, let expected):
            draft.require(expected.map { .exists(key, revision: $0) } ?? .absent(key), else: Self.changed(record: key))
            draft.write(.put(key, Envelope.seal(record: value)))
        case .deleteRecord(let key, let expected):
            draft.require(.exists(key, revision: expected), else: Self.changed(record: key))
            draft.write(.delete(key))
        case .require(let ref, let revision):
            draft.require(.exists(ref.key, revision: revision), else: Self.modified(ref))
        case .requireRecord(let key, let revision):
            draft.require(revision.map { .exists(key, revision: $0) } ?? .absent(key), else: Self.changed(record: key))
        }
    }

    private func create(
        _ value: any WireObject, uid: String, in draft: inout TransactionDraft
    ) async throws(APIError) {
        let kind = type(of: value).info
        let ref = value.ref
        if let home = try await home(of: ref) {
            // A namespace that begins to end meanwhile, and is seen empty, must not get this object after its end.
            draft.require(.exists(home.ref.key, revision: home.revision), else: Self.modified(home.ref))
        }
        let tree = try rules(of: kind).created(
            value.json, namespace: ref.namespace, name: nil, uid: uid, keepsStatus: true, ownTerms
        ).tree
        draft.require(.absent(ref.key), else: .alreadyExists(resource: kind.groupResource, name: ref.name))
        draft.write(.put(ref.key, Envelope.seal(tree)))
    }

    private func replace(
        _ value: any WireObject, _ part: ObjectRules.Part, in draft: inout TransactionDraft
    ) async throws(APIError) {
        let ref = value.ref
        let current = try await get(ref)
        guard let version = value.metadata.resourceVersion, version == String(current.revision.rawValue) else {
            throw Self.modified(ref)
        }
        let old = try current.storedTree
        let new = try rules(of: ref.kind).replaced(old, by: value.json, of: ref, part: part, ownTerms).tree
        draft.require(.exists(ref.key, revision: current.revision), else: Self.modified(ref))
        if new == old { return }
        let isLast = new.isTerminating && new.finalizers.isEmpty
        draft.write(isLast ? .delete(ref.key) : .put(ref.key, Envelope.seal(new)))
    }

    private func delete(
        _ ref: ObjectRef, _ revision: Revision?, in draft: inout TransactionDraft
    ) async throws(APIError) {
        guard let current = try await find(ref) else {
            if revision == nil { return draft.require(.absent(ref.key), else: Self.modified(ref)) }
            throw .notFound(resource: ref.kind.groupResource, name: ref.name)
        }
        draft.require(.exists(ref.key, revision: revision ?? current.revision), else: Self.modified(ref))
        let old = try current.storedTree
        if old.isTerminating { return }
        draft.write(try deletion(ref, old).write)
    }

    private static func modified(_ ref: ObjectRef) -> APIError {
        .modified(resource: ref.kind.groupResource, name: ref.name)
    }

    private static func changed(record key: String) -> APIError {
        .modified(resource: "records", name: key)
    }
}

/// A transaction in the making, and what to say when one of its conditions does not hold.
private struct TransactionDraft {
    private(set) var transaction = Transaction()
    private var refusals: [String: APIError] = [:]

    mutating func require(_ condition: Transaction.Condition, else refusal: APIError) {
        // Creations in one namespace share its condition.
        if transaction.conditions.contains(condition) { return }
        transaction.conditions.append(condition)
        refusals[condition.key] = refusal
    }

    mutating func write(_ write: Transaction.Write) {
        transaction.writes.append(write)
    }

    func refusal(_ key: String) -> APIError {
        refusals[key] ?? .internalError("a condition on \(key) that nobody set does not hold")
    }
}

extension WireObject {
    /// Where the object is, by its own metadata.
    package var ref: ObjectRef {
        ObjectRef(kind: Self.info, namespace: Self.info.namespaced ? metadata.namespace : "", name: metadata.name)
    }

    /// The revision that the value was read at; nil for one that was never stored.
    package var revision: Revision? { metadata.resourceVersion.flatMap { Int64($0) }.map { Revision($0) } }
}
