import TidemillWire

/// Why a call did not bring what was asked for; the cases are what a caller can act on.
package enum ClientError: Error, Hashable, Sendable {
    /// The server answered with a Status. The request had no effect.
    case api(APIError)
    /// No connection came about, or TLS refused it. The request had no effect.
    case unreachable(String)
    /// The connection ended after the request was sent: a write may or may not have happened.
    case interrupted(String)
    /// No answer in time: a write may or may not have happened.
    case timedOut
    /// The caller's task was cancelled.
    case cancelled
    /// The answer is not what the API promises.
    case badAnswer(String)
    /// The endpoint, a certificate or a key cannot be used.
    case configuration(String)
}

extension ClientError: CustomStringConvertible {
    /// One sentence for people.
    package var description: String {
        switch self {
        case .api(let error): Status(error).message
        case .unreachable(let why): "the server cannot be reached: \(why)"
        case .interrupted(let why): "the connection ended before the answer was complete: \(why)"
        case .timedOut: "the server did not answer in time"
        case .cancelled: "the call was cancelled"
        case .badAnswer(let why): "the server's answer cannot be understood: \(why)"
        case .configuration(let why): why
        }
    }

    /// True when the object, or the path, does not exist.
    package var isNotFound: Bool {
        switch self {
        case .api(.notFound), .api(.noSuchPath): true
        default: false
        }
    }

    /// True when the object changed since the revision that the caller saw.
    package var isConflict: Bool { if case .api(.conflict) = self { true } else { false } }

    package var isAlreadyExists: Bool { if case .api(.alreadyExists) = self { true } else { false } }

    /// True when the revision asked for is gone, so that only a new list helps.
    package var isExpired: Bool { if case .api(.expired) = self { true } else { false } }

    /// True when the same call may well succeed later and surely had no effect now.
    package var isUnprocessed: Bool {
        switch self {
        case .unreachable, .api(.tooManyRequests), .api(.unavailable): true
        default: false
        }
    }
}
