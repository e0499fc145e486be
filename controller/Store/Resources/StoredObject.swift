import TidemillModel
import TidemillSeams
import TidemillWire

/// An object as it lies in the store: its bytes are ready to be sent, its tree is read when someone asks.
package struct StoredObject: Sendable {
    package let ref: ObjectRef
    /// The revision of the last change, which is the object's resourceVersion; 0 for what a dry run would have made.
    package let revision: Revision
    /// What the client of the write that made it should know, a sentence each.
    package var warnings: [String] = []
    private let envelope: [UInt8]

    init(ref: ObjectRef, revision: Revision, envelope: [UInt8]) {
        self.ref = ref
        self.revision = revision
        self.envelope = envelope
    }

    package init(_ kind: KindInfo, _ entry: Entry) {
        self.init(ref: kind.ref(key: entry.key), revision: entry.revision, envelope: entry.value)
    }

    /// The object as JSON text, resourceVersion included.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(envelope.count + 48)
        write(into: &bytes)
        return bytes
    }

    /// Appends what `encoded` gives, for lists and streams of events.
    package func write(into bytes: inout [UInt8]) {
        Envelope.open(envelope, revision: revision, into: &bytes)
    }

    /// The same object at another revision.
    func at(_ revision: Revision) -> StoredObject {
        StoredObject(ref: ref, revision: revision, envelope: envelope).warning(warnings)
    }

    /// The same object with more for its client to know.
    func warning(_ more: [String]) -> StoredObject {
        var object = self
        object.warnings += more
        return object
    }

    /// The object as a tree, resourceVersion included; parsed anew with each call.
    package var tree: JSON {
        get throws(APIError) { try parsed(revision) }
    }

    /// The object as a tree as it is stored, without resourceVersion.
    var storedTree: JSON {
        get throws(APIError) { try parsed(Revision(0)) }
    }

    private func parsed(_ revision: Revision) throws(APIError) -> JSON {
        guard Envelope.isReadable(envelope) else { throw .internalError("\(ref) cannot be read: unknown envelope") }
        do throws(JSONError) {
            return try JSON.parse(at(revision).encoded)
        } catch {
            throw .internalError("\(ref) cannot be read: \(error.message)")
        }
    }

    /// The object as a value of its kind.
    package func decoded<K: WireObject>(as: K.Type = K.self) throws(APIError) -> K {
        let tree = try tree
        do throws(DecodeFailure) {
            return try K(json: tree)
        } catch {
            throw .internalError("\(ref) cannot be read: \(error)")
        }
    }
}
