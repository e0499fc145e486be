import TidemillModel

/// The one place where errors become what Kubernetes clients know.
extension Status {
    package init(_ error: APIError) {
        switch error {
        case .badRequest(let text): self.init(reason: "BadRequest", message: text, code: 400)
        case .unauthorized(let text): self.init(reason: "Unauthorized", message: text, code: 401)
        case .forbidden(let text): self.init(reason: "Forbidden", message: text, code: 403)
        case .notFound(let resource, let name):
            self.init("NotFound", 404, "\(resource) \"\(name)\" not found", about: resource, name)
        case .noSuchPath:
            self.init(reason: "NotFound", message: Self.noSuchPath, details: Details(), code: 404)
        case .methodNotAllowed(let text): self.init(reason: "MethodNotAllowed", message: text, code: 405)
        case .notAcceptable(let text): self.init(reason: "NotAcceptable", message: text, code: 406)
        case .alreadyExists(let resource, let name):
            self.init("AlreadyExists", 409, "\(resource) \"\(name)\" already exists", about: resource, name)
        case .conflict(let resource, let name, let text):
            self.init("Conflict", 409, Self.conflictPrefix(resource, name) + text, about: resource, name)
        case .ownedByOthers(let text, let causes):
            self.init(reason: "Conflict", message: text, details: Details(causes: causes), code: 409)
        case .expired(let text): self.init(reason: "Expired", message: text, code: 410)
        case .tooLarge(let text): self.init(reason: "RequestEntityTooLarge", message: text, code: 413)
        case .unsupportedMediaType(let text): self.init(reason: "UnsupportedMediaType", message: text, code: 415)
        case .invalid(let kind, let name, let errors):
            self.init("Invalid", 422, Self.invalidMessage(kind, name, errors), about: kind, name)
            details?.causes = errors.map { Cause(reason: $0.reason.rawValue, message: $0.message, field: $0.field) }
        case .tooManyRequests(let seconds):
            self.init(
                reason: "TooManyRequests", message: "Too many requests, please try again later.",
                details: Details(retryAfterSeconds: seconds), code: 429)
        case .unavailable(let text):
            self.init(reason: "ServiceUnavailable", message: text, details: Details(retryAfterSeconds: 1), code: 503)
        case .futureRevision(let requested, let current):
            let cause = Cause(reason: Self.futureRevision, message: "Too large resource version")
            self.init(
                reason: "Timeout", message: "Too large resource version: \(requested), current: \(current)",
                details: Details(causes: [cause], retryAfterSeconds: 1), code: 504)
        case .timeout(let text):
            self.init(reason: "Timeout", message: "Timeout: \(text)", details: Details(retryAfterSeconds: 1), code: 504)
        case .internalError(let text):
            self.init(
                reason: "InternalError", message: "Internal error occurred: \(text)",
                details: Details(causes: [Cause(reason: "", message: text)]), code: 500)
        }
    }

    static let noSuchPath = "the server could not find the requested resource"
    static let futureRevision = "ResourceVersionTooLarge"

    static func conflictPrefix(_ resource: String, _ name: String) -> String {
        "Operation cannot be fulfilled on \(resource) \"\(name)\": "
    }

    /// `qualified` is `jobs.tidemill.dev`, or `Job.tidemill.dev` for invalid objects.
    private init(_ reason: String, _ code: Int, _ message: String, about qualified: String, _ name: String) {
        let parts = qualified.split(separator: ".", maxSplits: 1).map(String.init)
        self.init(
            reason: reason, message: message,
            details: Details(name: name, group: parts.count > 1 ? parts[1] : "", kind: parts.first ?? ""), code: code)
    }

    private static func invalidMessage(_ kind: String, _ name: String, _ errors: [FieldError]) -> String {
        let list = errors.map(\.description).joined(separator: ", ")
        return "\(kind) \"\(name)\" is invalid: \(errors.count == 1 ? list : "[\(list)]")"
    }
}

extension APIError {
    /// The HTTP status that it is answered with.
    package var statusCode: Int { Status(self).code }

    /// The conflict that a write based on an old revision meets, in the words that clients know.
    package static func modified(resource: String, name: String) -> APIError {
        .conflict(
            resource: resource, name: name,
            message: "the object has been modified; please apply your changes to the latest version and try again")
    }

    /// What a server's failure means; a status that says nothing known is an `internalError`.
    package init(status: Status) {
        let details = status.details ?? Status.Details()
        let qualified = details.group.isEmpty ? details.kind : "\(details.kind).\(details.group)"
        self =
            switch (status.reason, status.code) {
            case ("Expired", _), ("Gone", _), (_, 410): .expired(status.message)
            case ("AlreadyExists", _): .alreadyExists(resource: qualified, name: details.name)
            case ("Conflict", _) where details.causes.contains { $0.reason == FieldConflict.reason }:
                .ownedByOthers(message: status.message, causes: details.causes)
            case ("Conflict", _), (_, 409): Self.conflict(status, qualified, details.name)
            case ("NotFound", _), (_, 404):
                details.name.isEmpty ? .noSuchPath : .notFound(resource: qualified, name: details.name)
            case ("Invalid", _), (_, 422):
                .invalid(kind: qualified, name: details.name, errors: details.causes.map(FieldError.init(cause:)))
            case (_, 400): .badRequest(status.message)
            case (_, 401): .unauthorized(status.message)
            case (_, 403): .forbidden(status.message)
            case (_, 405): .methodNotAllowed(status.message)
            case (_, 406): .notAcceptable(status.message)
            case (_, 413): .tooLarge(status.message)
            case (_, 415): .unsupportedMediaType(status.message)
            case (_, 429): .tooManyRequests(retryAfterSeconds: details.retryAfterSeconds)
            case (_, 503): .unavailable(status.message)
            case ("Timeout", _), (_, 504): Self.timeout(status, details)
            default: .internalError(status.message.withoutPrefix("Internal error occurred: "))
            }
    }

    private static func conflict(_ status: Status, _ resource: String, _ name: String) -> APIError {
        let prefix = Status.conflictPrefix(resource, name)
        return .conflict(resource: resource, name: name, message: status.message.withoutPrefix(prefix))
    }

    private static func timeout(_ status: Status, _ details: Status.Details) -> APIError {
        guard details.causes.contains(where: { $0.reason == Status.futureRevision }) else {
            return .timeout(status.message.withoutPrefix("Timeout: "))
        }
        let numbers = status.message.split { !$0.isNumber }.compactMap { Int64($0) }
        return .futureRevision(requested: numbers.first ?? 0, current: numbers.last ?? 0)
    }
}

extension FieldError {
    fileprivate init(cause: Status.Cause) {
        self.init(field: cause.field, reason: Reason(rawValue: cause.reason) ?? .invalid, message: cause.message)
    }
}

extension String {
    fileprivate func withoutPrefix(_ prefix: String) -> String {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
    }
}
