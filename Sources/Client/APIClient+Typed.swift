import TidemillModel
import TidemillSeams
import TidemillWire

/// The verbs on typed objects. A field that this program does not know is ignored: servers may be newer.
extension APIClient {
    package func get<K: WireObject>(
        _: K.Type, namespace: String? = nil, name: String
    ) async throws(ClientError) -> K {
        try Self.decode(try await get(K.info, namespace: namespace, name: name))
    }

    package func list<K: WireObject>(
        _: K.Type, namespace: String? = nil, selection: Selection = .all
    ) async throws(ClientError) -> ObjectPage<K> {
        let page = try await list(K.info, namespace: namespace, selection: selection)
        var objects: [K] = []
        objects.reserveCapacity(page.objects.count)
        for tree in page.objects { objects.append(try Self.decode(tree)) }
        return ObjectPage(objects: objects, revision: page.revision)
    }

    package func create<K: WireObject>(_ object: K) async throws(ClientError) -> K {
        try Self.decode(try await create(K.info, object.json))
    }

    package func update<K: WireObject>(
        _ object: K, subresource: Subresource = .main
    ) async throws(ClientError) -> K {
        try Self.decode(try await update(K.info, object.json, subresource: subresource))
    }

    package func mergePatch<K: WireObject>(
        _: K.Type, namespace: String? = nil, name: String, patch: JSON, subresource: Subresource = .main
    ) async throws(ClientError) -> K {
        try Self.decode(
            try await mergePatch(K.info, namespace: namespace, name: name, patch: patch, subresource: subresource))
    }

    package func delete<K: WireObject>(
        _: K.Type, namespace: String? = nil, name: String, options: DeleteOptions = DeleteOptions()
    ) async throws(ClientError) {
        try await delete(K.info, namespace: namespace, name: name, options: options)
    }

    package func watch<K: WireObject>(
        _: K.Type, namespace: String? = nil, selection: Selection = .all, options: WatchOptions = WatchOptions()
    ) async throws(ClientError) -> WatchStream<K> {
        let raw = try await watch(K.info, namespace: namespace, selection: selection, options: options)
        return WatchStream(lines: raw.lines, decode: { tree throws(ClientError) in try Self.decode(tree) })
    }

    static func decode<K: WireObject>(_ tree: JSON) throws(ClientError) -> K {
        do {
            return try K(json: tree)
        } catch {
            throw .badAnswer("\(K.info.kind): \(error)")
        }
    }
}
