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
        let rules = try rules(of: kind)
        let metadata = body["metadata"]
        let isNamed = metadata?["name"]?.string.map { !$0.isEmpty } ?? false
        let stem = isNamed ? nil : metadata?["generateName"]?.string
        var refused = APIError.internalError("no name was free")
        for _ in 0..<Self.attempts {
            let result = try rules.created(
                body, namespace: namespace, name: stem.map(generatedName), uid: randomness.uuid(), keepsStatus: false,
                terms(options))
            let ref = ObjectRef(
                kind: kind, namespace: kind.namespaced ? namespace : "",
                name: result.tree["metadata"]?["name"]?.string ?? "")
            do throws(APIError) {
                if let made = try await insert(result, as: ref, options) { return made }
            } catch {
                guard case .alreadyExists = error, stem != nil, !options.isDryRun else { throw error }
                refused = error
            }
        }
        throw refused
    }

    /// The review that `body` describes, complete and checked, and not stored. Throws as `create` does.
    package func review(
        _ kind: KindInfo, namespace: String, _ body: JSON, _ options: WriteOptions = WriteOptions()
    ) async throws(APIError) -> (tree: JSON, warnings: [String]) {
        _ = try await get(ObjectRef(kind: Kinds.namespaceInfo, name: namespace))
        let name = body["metadata"]?["name"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        let result = try rules(of: kind).created(
            body, namespace: namespace, name: name ?? "review", uid: randomness.uuid(), keepsStatus: false,
            terms(options))
        return (result.tree, result.warnings)
    }

    /// Stores a new object. Throws `.alreadyExists`; nil when its namespace changed meanwhile, which must be looked at again.
    func insert(
        _ result: ObjectRules.Result, as ref: ObjectRef, _ options: WriteOptions
    ) async throws(APIError) -> StoredObject? {
        var conditions: [Transaction.Condition] = [.absent(ref.key)]
        if let home = try await home(of: ref) { conditions.append(.exists(home.ref.key, revision: home.revision)) }
        let envelope = try Envelope.sealed(result.tree, ref)
        let made = StoredObject(ref: ref, revision: Revision(0), envelope: envelope).warning(result.warnings)
        let taken = APIError.alreadyExists(resource: ref.kind.groupResource, name: ref.name)
        if options.isDryRun {
            if try await find(ref) == nil { return made }
            throw taken
        }
        do throws(StoreError) {
            let transaction = Transaction(conditions: conditions, writes: [.put(ref.key, envelope)])
            return made.at(try await store.commit(transaction))
        } catch {
            guard case .conflict(let key, _) = error else { throw APIError(error, about: ref) }
            if key == ref.key { throw taken }
            return nil
        }
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
        return String(stem.unicodeScalars.prefix(58)) + suffix
    }
}
