import TidemillModel
import TidemillSeams
import TidemillWire

/// All objects of a kind as values, for the controller's own parts: each change of an object is read once, however many of
/// them look at it.
///
/// What is answered is always as of now. What is kept is brought up to date from the store's history, and read anew where
/// that does not reach back far enough.
package actor ObjectMirror {
    package nonisolated let resources: Resources
    /// By prefix.
    private var kept: [String: any Sendable] = [:]

    package init(_ resources: Resources) {
        self.resources = resources
    }

    /// All objects of the kind, by namespace and name, and the store's revision that they show.
    package func all<K: WireObject>(_ kind: K.Type) async throws(APIError) -> (objects: Copies<K>, revision: Revision) {
        try await copies(K.info.keyPrefix(namespace: nil)) { (entry) throws(APIError) in
            try StoredObject(K.info, entry).decoded(as: K.self)
        }
    }

    /// What is held on which node, by node. What cannot be read may hold anything: then nothing is answered until someone
    /// looks.
    package func allocations() async throws(APIError) -> Copies<NodeAllocation> {
        try await copies(NodeAllocation.prefix) { (entry) throws(APIError) in
            guard let record = NodeAllocation(stored: try Resources.record(entry)) else {
                throw .internalError("the record \(entry.key) cannot be read")
            }
            return record
        }.objects
    }

    private func copies<Value: Sendable>(
        _ prefix: String, _ read: (Entry) throws(APIError) -> Value
    ) async throws(APIError) -> (objects: Copies<Value>, revision: Revision) {
        if let known = kept[prefix] as? KeptCopies<Value>, let changes = try await changes(prefix, known.revision) {
            // Others may have taken in these and more while they were read.
            guard var copies = kept[prefix] as? KeptCopies<Value> else { return (known.all, known.revision) }
            kept[prefix] = nil
            defer { kept[prefix] = copies }
            try copies.apply(changes, read)
            return (copies.all, copies.revision)
        }
        let listing: Listing
        do throws(StoreError) {
            listing = try await resources.store.list(prefix: prefix, after: nil, limit: nil, at: nil)
        } catch {
            throw APIError(error)
        }
        let copies = try KeptCopies(listing, read)
        kept[prefix] = copies
        return (copies.all, copies.revision)
    }

    /// Nil where the history does not reach from `revision` to now.
    private func changes(_ prefix: String, _ revision: Revision) async throws(APIError) -> StoreChanges? {
        do throws(StoreError) {
            return try await resources.store.changes(prefix: prefix, after: revision)
        } catch {
            switch error {
            case .expired, .future: return nil
            default: throw APIError(error)
            }
        }
    }
}
