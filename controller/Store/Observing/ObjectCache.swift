import TidemillModel
import TidemillSeams
import TidemillWire

/// Keeps the decoded form of listed objects, so that a reconciler that lists everything decodes only what changed.
package struct ObjectCache<K: WireObject>: Sendable {
    private var known: [ObjectRef: (revision: Revision, object: K)] = [:]

    package init() {}

    /// The objects of a complete list, in its order. What is no longer listed is forgotten.
    package mutating func objects(of list: ObjectList) throws(APIError) -> [K] {
        var next: [ObjectRef: (revision: Revision, object: K)] = [:]
        next.reserveCapacity(list.objects.count)
        var objects: [K] = []
        objects.reserveCapacity(list.objects.count)
        for stored in list.objects {
            if let hit = known[stored.ref], hit.revision == stored.revision {
                next[stored.ref] = hit
                objects.append(hit.object)
            } else {
                let object = try stored.decoded(as: K.self)
                next[stored.ref] = (stored.revision, object)
                objects.append(object)
            }
        }
        known = next
        return objects
    }
}
