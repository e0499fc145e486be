import TidemillModel
import TidemillWire

extension KindInfo {
    /// `job.tidemill.dev/hello`, or `namespace/default` in the core group.
    func named(_ name: String) -> String {
        group.isEmpty ? "\(singular)/\(name)" : "\(singular).\(group)/\(name)"
    }

    /// `job.tidemill.dev "hello"`.
    func quoted(_ name: String) -> String {
        (group.isEmpty ? singular : "\(singular).\(group)") + " \"\(name)\""
    }
}

extension JSON {
    /// `metadata.name`; empty when there is none.
    var objectName: String { at(["metadata", "name"])?.string ?? "" }
    /// `metadata.namespace`, of objects that are in one.
    var objectNamespace: String? { at(["metadata", "namespace"])?.string }

    /// A scalar as text for people; nil for null, lists and objects.
    var plainText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .integer(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
