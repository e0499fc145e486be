import TidemillModel
import TidemillSeams
import TidemillWire

extension Resources {
    /// Creates the object that `body` describes, in `namespace` (empty for kinds of the cluster). Its name is in
    /// `metadata.name`, or made from `metadata.generateName`.
    ///
    /// Throws `.alreadyExists`, `.invalid`, `.badRequest`; `.notFound` when the namespace does not exist and `.forbidden`
    /// when it is terminating.
    package func create(
        _ kind: KindInfo, namespace: String = "", _ body: JSON, _ options: WriteOptions = WriteOptions()
    ) async throws(APIError) -> StoredObject {
        let rules = ObjectRules(try codec(of: kind))
        let metadata = body["metadata"]
        let isNamed = metadata?["name"]?.string.map { !$0.isEmpty } ?? false
        let stem = isNamed ? nil : metadata?["generateName"]?.string
        var refused = APIError.internalError("no name was free")
        for _ in 0..<Self.attempts {
            let object = try rules.created(
                body, namespace: namespace, name: stem.map(generatedName), uid: randomness.uuid(), now: timestamp,
                keepsStatus: false)
            let ref = ObjectRef(
                kind: kind, namespace: kind.namespaced ? namespace : "", name: object["metadata"]?["name"]?.string ?? ""
            )
            var conditions: [Transaction.Condition] = [.absent(ref.key)]
            if let home = try await home(of: ref) { conditions.append(.exists(home.ref.key, revision: home.revision)) }
            let envelope = try Envelope.sealed(object, ref)
            if options.isDryRun {
                if try await find(ref) == nil {
                    return StoredObject(ref: ref, revision: Revision(0), envelope: envelope)
                }
                throw .alreadyExists(resource: kind.groupResource, name: ref.name)
            }
            do throws(StoreError) {
                let transaction = Transaction(conditions: conditions, writes: [.put(ref.key, envelope)])
                return StoredObject(ref: ref, revision: try await store.commit(transaction), envelope: envelope)
            } catch {
                guard case .conflict(let key, _) = error else { throw APIError(error, about: ref) }
                refused = .alreadyExists(resource: kind.groupResource, name: ref.name)
                // The name is taken; or the namespace changed meanwhile, which is looked at again.
                if key == ref.key && stem == nil { throw refused }
            }
        }
        throw refused
    }

    /// How often a write is tried when others get in between.
    static let attempts = 16

    /// The namespace of a new object, which must be there and alive; nil for kinds of the cluster.
    func home(of ref: ObjectRef) async throws(APIError) -> StoredObject? {
        guard ref.kind.namespaced else { return nil }
        let home = try await get(ObjectRef(kind: Kinds.namespaceInfo, name: ref.namespace))
        if try home.tree.isTerminating {
            throw .forbidden(
                "\(ref.kind.groupResource) \"\(ref.name)\" is forbidden: unable to create new content in namespace "
                    + "\(ref.namespace) because it is being terminated")
        }
        return home
    }

    /// `stem` with five characters that make it a new name; cut so that it stays a label.
    private func generatedName(_ stem: String) -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
        var bits = randomness.next()
        var suffix = ""
        for _ in 0..<5 {
            suffix.append(alphabet[Int(bits % UInt64(alphabet.count))])
            bits /= UInt64(alphabet.count)
        }
        return String(stem.prefix(58)) + suffix
    }
}
