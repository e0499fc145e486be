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
        try await write(ref, subresource, options) { _ throws(APIError) in
            if body.lock == nil || body.lock == "0" {
                throw .invalid(
                    kind: ref.kind.groupKind, name: ref.name,
                    errors: [.invalid("metadata.resourceVersion", 0, "must be specified for an update")])
            }
            return body
        }
    }

    /// Carries out a patch on whatever is there, or on one revision when it names that; see `ObjectPatch`.
    package func patch(
        _ ref: ObjectRef, _ patch: ObjectPatch, _ subresource: Subresource = .main,
        _ options: WriteOptions = WriteOptions()
    ) async throws(APIError) -> StoredObject {
        try await write(ref, subresource, options) { object throws(APIError) in
            try patch.applied(to: object, of: ref)
        }
    }

    /// Applies a merge patch.
    package func mergePatch(
        _ ref: ObjectRef, _ patch: JSON, _ subresource: Subresource = .main, _ options: WriteOptions = WriteOptions()
    ) async throws(APIError) -> StoredObject {
        try await self.patch(ref, .merge(patch), subresource, options)
    }

    /// Writes what `change` makes of the object's tree, at once or again until nobody gets in between. The result is
    /// for the revision that it carries, if it carries one.
    func write(
        _ ref: ObjectRef, _ subresource: Subresource, _ options: WriteOptions,
        _ change: (JSON) throws(APIError) -> JSON
    ) async throws(APIError) -> StoredObject {
        if subresource == .status && !ref.kind.hasStatus { throw .noSuchPath }
        for _ in 0..<Self.attempts {
            let current = try await get(ref)
            let wanted = try change(try current.tree)
            try Self.check(lock: wanted, on: current)
            let result = try rules(of: ref.kind).replaced(
                try current.storedTree, by: wanted, of: ref, part: subresource == .main ? .main : .status,
                terms(options))
            if let stored = try await commit(result, over: current, subresource, options) { return stored }
        }
        throw .modified(resource: ref.kind.groupResource, name: ref.name)
    }

    /// Throws the conflict of a write that was made for another revision.
    static func check(lock wanted: JSON, on current: StoredObject) throws(APIError) {
        guard let text = wanted.lock else { return }
        if try revision(text) != current.revision {
            throw .modified(resource: current.ref.kind.groupResource, name: current.ref.name)
        }
    }

    /// Stores what a write made of `current`; nil when another was faster.
    func commit(
        _ result: ObjectRules.Result, over current: StoredObject, _ subresource: Subresource, _ options: WriteOptions
    ) async throws(APIError) -> StoredObject? {
        let (ref, new, old) = (current.ref, result.tree, try current.storedTree)
        if new == old { return current.warning(result.warnings) }
        if ref.kind == Kinds.Task.info {
            try ObjectRules.checkToken(of: new, over: old, granted: try await grantedToken(new, ref), ref)
        }
        let envelope = subresource == .main ? try Envelope.sealed(new, ref) : Envelope.seal(new)
        let made = StoredObject(ref: ref, revision: current.revision, envelope: envelope).warning(result.warnings)
        if options.isDryRun { return made }
        let isLast = new.isTerminating && new.finalizers.isEmpty
        do throws(StoreError) {
            let transaction = Transaction(
                conditions: [.exists(ref.key, revision: current.revision)],
                writes: [isLast ? .delete(ref.key) : .put(ref.key, envelope)])
            return made.at(try await store.commit(transaction))
        } catch {
            guard case .conflict = error else { throw APIError(error, about: ref) }
            return nil
        }
    }

    /// The token of the grant under which the task's slice is held now; nil when it holds none.
    private func grantedToken(_ task: JSON, _ ref: ObjectRef) async throws(APIError) -> Int64? {
        guard let slice = task.at(["spec", "slice"])?.string else { return nil }
        let stored = try await find(ObjectRef(kind: Kinds.Slice.info, namespace: ref.namespace, name: slice))
        return try stored?.storedTree.at(["status", "grant", "token"])?.integer
    }
}

extension JSON {
    /// The revision that a write is made for; nil for any.
    fileprivate var lock: String? {
        self["metadata"]?["resourceVersion"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}
