import TidemillModel
import TidemillSeams
import TidemillWire

/// The objects of the API over a store: what Kubernetes clients expect of create, update, patch, delete, list and watch,
/// and typed transactions for the controller's own parts.
///
/// Bodies are JSON trees; the API server has parsed them. Nothing is cached here but what the store keeps in memory.
package struct Resources: Sendable {
    package let store: any Store
    package let time: any TimeSource
    package let randomness: any Randomness
    /// Shared by all who use these resources.
    package let halt = StoreHalt()
    private let rules: [KindInfo: ObjectRules]

    package init(
        store: any Store, time: any TimeSource, randomness: any Randomness, kinds: [KindCodec] = KindCodecs.all
    ) {
        self.store = store
        self.time = time
        self.randomness = randomness
        rules = Dictionary(kinds.map { ($0.info, ObjectRules($0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The object, as of now. Throws `.notFound`.
    package func get(_ ref: ObjectRef) async throws(APIError) -> StoredObject {
        guard let object = try await find(ref) else {
            throw .notFound(resource: ref.kind.groupResource, name: ref.name)
        }
        return object
    }

    /// The object, as of now; nil when there is none.
    package func find(_ ref: ObjectRef) async throws(APIError) -> StoredObject? {
        let key = ref.key
        return try await serving(ref) { () async throws(StoreError) in try await store.get(key) }
            .map { StoredObject(ref: ref, revision: $0.revision, envelope: $0.value) }
    }

    func rules(of kind: KindInfo) throws(APIError) -> ObjectRules {
        guard let rules = rules[kind] else { throw .internalError("no codec for \(kind)") }
        return rules
    }

    /// How the controller's own writes are taken.
    var ownTerms: ObjectRules.Terms { ObjectRules.Terms(now: timestamp) }

    func terms(_ options: WriteOptions) -> ObjectRules.Terms {
        ObjectRules.Terms(
            ownership: .writer(options.writer), validation: options.validation, now: timestamp)
    }

    /// Now, as metadata writes it.
    var timestamp: Timestamp { Timestamp(time.wall()) }
}
