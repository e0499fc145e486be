import TidemillModel

/// Why a JSON patch was not applied. The fields are `patch[2].path` and the like, counted from 0.
package enum JSONPatchError: Error, Hashable, Sendable {
    /// It is no JSON patch, whatever the document.
    case malformed(FieldError)
    /// The document does not allow one of its operations: nothing is there, or a test failed.
    case unmet(FieldError)
    /// It asks for more than its limits allow.
    case tooLarge(String)
}

extension APIError {
    /// - Parameter kind: the qualified kind of the patched object, such as `Job.tidemill.dev`.
    package init(_ error: JSONPatchError, kind: String, name: String) {
        self =
            switch error {
            case .malformed(let fault): .badRequest("the JSON patch cannot be read: \(fault)")
            case .unmet(let fault): .invalid(kind: kind, name: name, errors: [fault])
            case .tooLarge(let text): .tooLarge(text)
            }
    }
}
