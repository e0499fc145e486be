import TidemillModel
import TidemillWire

/// A change that names what it changes, carried out on the object that is there. A `metadata.resourceVersion` that it
/// leaves or puts there is a lock.
package enum ObjectPatch: Sendable {
    /// RFC 7386.
    case merge(JSON)
    /// RFC 6902.
    case json(JSONPatch)

    /// The object, resourceVersion included, after the change. Throws as `JSONPatchError` reads.
    package func applied(to object: JSON, of ref: ObjectRef) throws(APIError) -> JSON {
        switch self {
        case .merge(let patch):
            guard case .object = patch else {
                throw .badRequest("a merge patch must be an object, not \(patch.typeName)")
            }
            return MergePatch.apply(patch, to: object)
        case .json(let patch):
            do throws(JSONPatchError) {
                return try patch.apply(to: object)
            } catch {
                throw APIError(error, kind: ref.kind.groupKind, name: ref.name)
            }
        }
    }
}
