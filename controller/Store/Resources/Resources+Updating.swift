import TidemillModel
import TidemillSeams
import TidemillWire

extension Resources {
    /// Replaces one part of the object by that of `body`, which must carry the resourceVersion that it replaces: all but
    /// the status of kinds that have one, or the status alone; what `body` says of the other part is ignored. A
    /// terminating object whose last finalizer is gone disappears.
    package func update(
        _ ref: ObjectRef, _ body: JSON, _ subresource: Subresource = .main, _ options: WriteOptions = WriteOptions()
    ) async throws(APIError) -> StoredObject {
        guard let version = body["metadata"]?["resourceVersion"]?.string, !version.isEmpty, version != "0" else {
            // An absent object counts more than an absent version.
            _ = try await get(ref)
            throw .invalid(
                kind: ref.kind.groupKind, name: ref.name,
                errors: [.invalid("metadata.resourceVersion", 0, "must be specified for an update")])
        }
        let expected = try Self.revision(version)
        return try await write(ref, expected: expected, subresource, options) { _, _ in body }
    }

    /// Applies a merge patch (RFC 7386). A resourceVersion in the patch is a lock; without one the patch is applied to
    /// whatever is there.
    package func mergePatch(
        _ ref: ObjectRef, _ patch: JSON, _ subresource: Subresource = .main, _ options: WriteOptions = WriteOptions()
    ) async throws(APIError) -> StoredObject {
        guard case .object = patch else { throw .badRequest("a merge patch must be an object, not \(patch.typeName)") }
        let locked = patch["metadata"]?["resourceVersion"]?.string
        let expected = try locked.flatMap { $0.isEmpty ? nil : $0 }.map { text throws(APIError) in
            try Self.revision(text)
        }
        return try await write(ref, expected: expected, subresource, options) { _, tree in
            MergePatch.apply(patch, to: tree)
        }
    }

    /// Writes what `change` makes of the object's tree, at once or again until nobody gets in between.
    private func write(
        _ ref: ObjectRef, expected: Revision?, _ subresource: Subresource, _ options: WriteOptions,
        _ change: (StoredObject, JSON) -> JSON
    ) async throws(APIError) -> StoredObject {
        let rules = ObjectRules(try codec(of: ref.kind))
        if subresource == .status && !ref.kind.hasStatus { throw .noSuchPath }
        for _ in 0..<Self.attempts {
            let current = try await get(ref)
            if let expected, expected != current.revision {
                throw .modified(resource: ref.kind.groupResource, name: ref.name)
            }
            let old = try current.storedTree
            let new = try rules.replaced(
                old, by: change(current, old), of: ref, part: subresource == .main ? .main : .status)
            if new == old { return current }
            if ref.kind == Kinds.Task.info {
                try ObjectRules.checkToken(of: new, over: old, granted: try await grantedToken(new, ref), ref)
            }
            let envelope = subresource == .main ? try Envelope.sealed(new, ref) : Envelope.seal(new)
            if options.isDryRun { return StoredObject(ref: ref, revision: current.revision, envelope: envelope) }
            let isLast = new.isTerminating && new.finalizers.isEmpty
            do throws(StoreError) {
                let transaction = Transaction(
                    conditions: [.exists(ref.key, revision: current.revision)],
                    writes: [isLast ? .delete(ref.key) : .put(ref.key, envelope)])
                return StoredObject(ref: ref, revision: try await store.commit(transaction), envelope: envelope)
            } catch {
                guard case .conflict = error, expected == nil else { throw APIError(error, about: ref) }
            }
        }
        throw .modified(resource: ref.kind.groupResource, name: ref.name)
    }

    /// The token of the grant under which the task's slice is held now; nil when it holds none.
    private func grantedToken(_ task: JSON, _ ref: ObjectRef) async throws(APIError) -> Int64? {
        guard let slice = task.at(["spec", "slice"])?.string else { return nil }
        let stored = try await find(ObjectRef(kind: Kinds.Slice.info, namespace: ref.namespace, name: slice))
        return try stored?.storedTree.at(["status", "grant", "token"])?.integer
    }
}
