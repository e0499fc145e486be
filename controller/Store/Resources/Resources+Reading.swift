import TidemillModel
import TidemillSeams
import TidemillWire

/// Typed reads for the controller's own parts.
extension Resources {
    /// The object as a value, as of now; nil when there is none.
    package func read<K: WireObject>(
        _ kind: K.Type, namespace: String = "", name: String
    ) async throws(APIError) -> K? {
        guard let object = try await find(ObjectRef(kind: K.info, namespace: namespace, name: name)) else { return nil }
        return try object.decoded()
    }

    /// All objects of the kind in `namespace`, or everywhere when that is nil, out of one snapshot.
    package func readAll<K: WireObject>(
        _ kind: K.Type, namespace: String? = nil
    ) async throws(APIError) -> (objects: [K], revision: Revision) {
        let list = try await list(K.info, namespace: namespace)
        var objects: [K] = []
        objects.reserveCapacity(list.objects.count)
        for object in list.objects { objects.append(try object.decoded()) }
        return (objects, list.revision)
    }

    /// A record under `internal/`, as of now.
    package func record(_ key: String) async throws(APIError) -> (value: JSON, revision: Revision)? {
        let entry = try await serving { () async throws(StoreError) in try await store.get(key) }
        guard let entry else { return nil }
        return (try Self.record(entry), entry.revision)
    }

    /// All records whose key starts with `prefix`, out of one snapshot.
    package func records(
        prefix: String
    ) async throws(APIError) -> [(key: String, value: JSON, revision: Revision)] {
        let listing = try await serving { () async throws(StoreError) in
            try await store.list(prefix: prefix, after: nil, limit: nil, at: nil)
        }
        var records: [(key: String, value: JSON, revision: Revision)] = []
        for entry in listing.entries { records.append((entry.key, try Self.record(entry), entry.revision)) }
        return records
    }

    static func record(_ entry: Entry) throws(APIError) -> JSON {
        guard Envelope.isReadable(entry.value) else {
            throw .internalError("\(entry.key) cannot be read: unknown envelope")
        }
        var bytes: [UInt8] = []
        Envelope.open(entry.value, revision: Revision(0), into: &bytes)
        do throws(JSONError) {
            return try JSON.parse(bytes)
        } catch {
            throw .internalError("\(entry.key) cannot be read: \(error.message)")
        }
    }
}
