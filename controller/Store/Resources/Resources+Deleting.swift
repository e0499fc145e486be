import TidemillModel
import TidemillSeams
import TidemillWire

extension Resources {
    /// Keeps a deleted namespace until it is empty; the collector of garbage removes it then.
    package static let namespaceFinalizer = "tidemill.dev/contents"

    /// Deletes the object, or marks it while it has finalizers. Deleting what is already terminating changes nothing.
    ///
    /// Throws `.notFound`; `.conflict` when a precondition does not hold; `.forbidden` for what must stay.
    package func delete(
        _ ref: ObjectRef, _ options: DeleteOptions = DeleteOptions()
    ) async throws(APIError) -> DeleteOutcome {
        if ref.kind == Kinds.Job.info, options.propagation == .orphan {
            // Nobody would end what is left of a gang, or start what is left of one.
            throw .invalid(
                kind: "DeleteOptions.meta.k8s.io", name: "",
                errors: [.notSupported("propagationPolicy", "Orphan", supported: ["Background", "Foreground"])])
        }
        if ref.kind == Kinds.namespaceInfo && ref.name == "default" {
            throw .forbidden("namespaces \"default\" is forbidden: this namespace may not be deleted")
        }
        let expected = try options.resourceVersion.map { text throws(APIError) in try Self.revision(text) }
        for _ in 0..<Self.attempts {
            let current = try await get(ref)
            if let expected, expected != current.revision { throw Self.otherRevision(ref, expected, current.revision) }
            let old = try current.storedTree
            if let uid = options.uid { try ObjectRules.check(uid: uid, of: old, ref) }
            if old.isTerminating { return .terminating(current) }
            let (write, next) = try deletion(ref, old, options.propagation)
            let made = StoredObject(ref: ref, revision: current.revision, envelope: Envelope.seal(next))
            let isGone = if case .delete = write { true } else { false }
            if options.isDryRun { return isGone ? .gone(made) : .terminating(made) }
            do throws(StoreError) {
                let conditions: [Transaction.Condition] = [.exists(ref.key, revision: current.revision)]
                let revision = try await store.commit(Transaction(conditions: conditions, writes: [write]))
                return isGone ? .gone(made.at(revision)) : .terminating(made.at(revision))
            } catch {
                guard case .conflict = error, expected == nil else { throw APIError(error, about: ref) }
            }
        }
        throw .modified(resource: ref.kind.groupResource, name: ref.name)
    }

    /// Deletes every object that `options` select, page by page. Returns those that it deleted or marked.
    package func deleteCollection(
        _ kind: KindInfo, namespace: String? = nil, selecting list: ListOptions = ListOptions(),
        _ options: DeleteOptions = DeleteOptions()
    ) async throws(APIError) -> [StoredObject] {
        var deleted: [StoredObject] = []
        for object in try await self.list(kind, namespace: namespace, list).objects {
            do throws(APIError) {
                switch try await delete(object.ref, options) {
                case .gone(let object), .terminating(let object): deleted.append(object)
                }
            } catch {
                // Someone else was faster.
                if case .notFound = error { continue }
                throw error
            }
        }
        return deleted
    }

    /// What deleting `old` comes to: the write, and the object's last or next state.
    func deletion(
        _ ref: ObjectRef, _ old: JSON, _ propagation: DeleteOptions.Propagation = .background
    ) throws(APIError) -> (write: Transaction.Write, next: JSON) {
        var finalizers = old.finalizers
        if ref.kind == Kinds.namespaceInfo { finalizers.append(.string(Self.namespaceFinalizer)) }
        if let mark = propagation.finalizer, !finalizers.contains(.string(mark)) { finalizers.append(.string(mark)) }
        if finalizers.isEmpty { return (.delete(ref.key), old) }
        let next = try rules(of: ref.kind).terminating(old, finalizers: finalizers, now: timestamp)
        return (.put(ref.key, Envelope.seal(next)), next)
    }

    private static func otherRevision(_ ref: ObjectRef, _ expected: Revision, _ current: Revision) -> APIError {
        .conflict(
            resource: ref.kind.groupResource, name: ref.name,
            message:
                "Precondition failed: ResourceVersion in precondition: \(expected), ResourceVersion in object meta: \(current)"
        )
    }
}
