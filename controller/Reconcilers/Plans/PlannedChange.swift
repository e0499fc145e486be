import TidemillModel
import TidemillStore
import TidemillWire

/// One write that a plan asks for. Plans print as their changes, a line each, and tests compare those lines.
package enum PlannedChange: Sendable {
    case create(any WireObject)
    /// Creates an object that runs somewhere under the uid that it carries; for a restore alone.
    case recreate(any WireObject)
    /// Writes the status, if the object is still at the revision that the plan saw.
    case status(any WireObject)
    /// Writes the whole object, finalizers and what the controller fills in of its spec included, if the object is still at the revision that the plan saw.
    case metadata(any WireObject)
    /// Asks for the object's deletion, if it is still at the revision that the plan saw.
    case delete(any WireObject)

    package var object: any WireObject {
        switch self {
        case .create(let object), .recreate(let object), .status(let object), .metadata(let object),
            .delete(let object):
            object
        }
    }
}

extension PlannedChange: CustomStringConvertible {
    package var description: String {
        switch self {
        case .create(let object): "create \(Self.name(object))"
        case .recreate(let object):
            "re-create \(Self.name(object)) \(object.metadata.uid) \(Self.state(object))"
        case .status(let object): "set \(Self.name(object)) \(Self.state(object))"
        case .metadata(let node as Kinds.Node):
            "update \(Self.name(node)) \(Self.state(node)): \(node.metadata.finalizers.joined(separator: " "))"
        case .metadata(let object):
            "finalizers of \(Self.name(object)): \(object.metadata.finalizers.joined(separator: " "))"
        case .delete(let object): "delete \(Self.name(object))"
        }
    }

    private static func name(_ object: any WireObject) -> String {
        let metadata = object.metadata
        let path = metadata.namespace.isEmpty ? metadata.name : "\(metadata.namespace)/\(metadata.name)"
        return "\(type(of: object).info.kind) \(path)"
    }

    /// The part of the status that decides.
    private static func state(_ object: any WireObject) -> String {
        switch object {
        case let slice as Kinds.Slice: words(slice.status.state.rawValue, slice.status.reason)
        case let task as Kinds.Task: words(task.status.state.rawValue, task.status.end?.reason)
        case let node as Kinds.Node: words(node.status.state?.rawValue ?? "", nil)
        case let job as Kinds.Job:
            words(job.status.state.rawValue, job.status.reason)
                + (job.status.gang.map { ", attempt \($0.attempt) \($0.state.rawValue)" } ?? "")
        case let deviceClass as Kinds.DeviceClass: "\(deviceClass.status.devices ?? 0) devices"
        default: ""
        }
    }

    private static func words(_ state: String, _ reason: String?) -> String {
        reason.map { "\(state) (\($0))" } ?? state
    }
}
