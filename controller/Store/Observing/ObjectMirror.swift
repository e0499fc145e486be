import TidemillModel
import TidemillSeams
import TidemillWire

/// Complete lists of objects as values, for the controller's own parts: each change of an object is decoded once, however
/// many of them look at it.
///
/// A list is always as of now. What is kept is only its decoded form.
package actor ObjectMirror {
    package nonisolated let resources: Resources
    private var caches: [KindInfo: any Sendable] = [:]
    private var lists: [KindInfo: (revision: Revision, objects: any Sendable)] = [:]

    package init(_ resources: Resources) {
        self.resources = resources
    }

    /// All objects of the kind, by namespace and name, and the store's revision that they show.
    package func all<K: WireObject>(_ kind: K.Type) async throws(APIError) -> (objects: [K], revision: Revision) {
        let now = await resources.store.currentRevision()
        if let kept = lists[K.info], kept.revision == now, let objects = kept.objects as? [K] { return (objects, now) }
        let list = try await resources.list(K.info)
        var cache = caches[K.info] as? ObjectCache<K> ?? ObjectCache<K>()
        let objects = try cache.objects(of: list)
        caches[K.info] = cache
        lists[K.info] = (list.revision, objects)
        return (objects, list.revision)
    }
}
