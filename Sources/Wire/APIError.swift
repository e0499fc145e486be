import TidemillModel

/// Why a request could not be done; the cases are what a caller can act on. `APIError+Status.swift` maps them to the wire.
package enum APIError: Error, Hashable, Sendable {
    /// The body or a parameter cannot be read.
    case badRequest(String)
    case unauthorized(String)
    case forbidden(String)
    /// `resource` is the qualified plural, such as `jobs.tidemill.dev`.
    case notFound(resource: String, name: String)
    /// No such path on this server.
    case noSuchPath
    case methodNotAllowed(String)
    case notAcceptable(String)
    case alreadyExists(resource: String, name: String)
    /// The object changed since the revision that the caller saw.
    case conflict(resource: String, name: String, message: String)
    /// Others own, with other values, what is applied without force; `causes` name each field.
    case ownedByOthers(message: String, causes: [Status.Cause])
    /// A revision or a continue token that has been compacted.
    case expired(String)
    case tooLarge(String)
    case unsupportedMediaType(String)
    /// `kind` is qualified, such as `Job.tidemill.dev`.
    case invalid(kind: String, name: String, errors: [FieldError])
    case tooManyRequests(retryAfterSeconds: Int)
    /// The server cannot do it now: a full disk, a lost leader.
    case unavailable(String)
    /// A resource version that this store has not reached.
    case futureRevision(requested: Int64, current: Int64)
    case timeout(String)
    case internalError(String)
}
