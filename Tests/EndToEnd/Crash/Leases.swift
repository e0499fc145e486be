import TidemillClient
import TidemillModel
import TidemillWire

/// The objects that the writers write: Leases, which no reconciler touches; the counter is `spec.leaseTransitions`.
enum Leases {
    static let namespace = "default"

    static func object(_ name: String, _ content: Int, revision: Int64? = nil) -> JSON {
        var metadata: JSON = ["name": .string(name), "namespace": .string(namespace)]
        if let revision { metadata["resourceVersion"] = .string(String(revision)) }
        return [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata,
            "spec": ["holderIdentity": "crash", "leaseTransitions": .integer(Int64(content))],
        ]
    }

    static func name(_ object: JSON) -> String { object["metadata"]?["name"]?.string ?? "" }
    static func content(_ object: JSON) -> Int { Int(object["spec"]?["leaseTransitions"]?.integer ?? -1) }
    static func revision(_ object: JSON) -> Int64 {
        (object["metadata"]?["resourceVersion"]?.string).flatMap { Int64($0) } ?? 0
    }
}
