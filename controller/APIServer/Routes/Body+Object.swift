import TidemillModel
import TidemillWire

/// Checks of an object in a body against the path it was sent to. What the body leaves out is taken from the path: typed
/// clients leave out apiVersion and kind.
func completed(
    _ tree: JSON, kind: KindInfo, namespace: String?, name: String?
) throws(APIError) -> JSON {
    guard case .object(var object) = tree else {
        throw .badRequest("the body of the request must be an object, not \(tree.typeName)")
    }
    try check(object["apiVersion"], is: kind.apiVersion, what: "API version")
    try check(object["kind"], is: kind.kind, what: "kind")
    object["apiVersion"] = .string(kind.apiVersion)
    object["kind"] = .string(kind.kind)
    switch object["metadata"] {
    case nil, .null: object["metadata"] = [:]
    default: break
    }
    guard case .object(var metadata) = object["metadata"] else {
        // Admission says what is wrong with it.
        return .object(object)
    }
    if kind.namespaced, let namespace {
        switch metadata["namespace"] {
        case nil, .null, .string(""): metadata["namespace"] = .string(namespace)
        case .string(namespace): break
        case .string(let other):
            throw .badRequest(
                "the namespace of the provided object does not match the namespace sent on the request: metadata.namespace is \"\(other)\", the path says \"\(namespace)\""
            )
        default: break
        }
    }
    if let name {
        switch metadata["name"] {
        case nil, .null, .string(""): metadata["name"] = .string(name)
        case .string(name): break
        case .string(let other):
            throw .badRequest(
                "the name of the object (metadata.name \"\(other)\") does not match the name on the URL (\"\(name)\")")
        default: break
        }
    }
    object["metadata"] = .object(metadata)
    return .object(object)
}

private func check(_ found: JSON?, is expected: String, what: String) throws(APIError) {
    switch found {
    case nil, .null, .string(""), .string(expected): return
    case .string(let other):
        throw .badRequest(
            "the \(what) in the data (\(other)) does not match the expected \(what) (\(expected))")
    case .some(let other):
        throw .badRequest("the \(what) in the data must be a string, not \(other.typeName)")
    }
}
