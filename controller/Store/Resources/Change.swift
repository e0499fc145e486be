import TidemillModel
import TidemillSeams
import TidemillWire

/// One part of a transaction of the controller's own parts. All changes of a transaction happen, or none.
package enum Change: Sendable {
    /// Creates the object with the status it carries; it must not exist. Its namespace must exist and not be terminating.
    case create(any WireObject)
    /// Creates the object as `create` does, with the uid that it carries: it is running somewhere, and the store has
    /// forgotten it. For a restore alone; no request leads here.
    case recreate(any WireObject)
    /// Writes metadata, spec and status of an object that still has the value's resourceVersion. When it is terminating
    /// and its last finalizer is gone, it is removed.
    case update(any WireObject)
    /// Writes the status of an object that still has the value's resourceVersion; the rest of the value is ignored.
    case updateStatus(any WireObject)
    /// Deletes the object, or marks it as terminating while it has finalizers; nil for whatever revision it has. Fine when
    /// it is absent and no revision is given.
    case delete(ObjectRef, revision: Revision?)
    /// Writes a record under `internal/`, which is not served; nil when there must be none yet.
    case putRecord(key: String, JSON, expected: Revision?)
    case deleteRecord(key: String, expected: Revision)
    /// Writes nothing; the object must still have this revision.
    case require(ObjectRef, revision: Revision)
    /// Writes nothing; the record must still have this revision, or be absent when nil.
    case requireRecord(key: String, revision: Revision?)
}
