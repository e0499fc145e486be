import TidemillSeams
import TidemillWire

/// Decides what a reflector does next. Pure: random bits are passed in, waiting is an answer.
struct ReflectorCore: Sendable {
    enum Step: Equatable {
        case wait(Duration)
        case list
        /// Watch, or go on watching, for changes after the revision.
        case watch(Revision)
    }

    /// The revision up to which everything has been reported; nil before the first list and after Expired.
    private var reached: Revision?
    private var pause: Duration?
    private var backoff: Backoff

    init(backoff: Backoff) {
        self.backoff = backoff
    }

    var next: Step {
        if let pause { return .wait(pause) }
        return reached.map { .watch($0) } ?? .list
    }

    mutating func waited() {
        pause = nil
    }

    mutating func listed(at revision: Revision) {
        reached = revision
    }

    /// A watch event arrived: the way to the server is open.
    mutating func received(at revision: Revision) {
        // The last state of a deleted object carries the revision of its deletion, and events come in order; a lower
        // number must not lead back.
        reached = max(reached ?? revision, revision)
        backoff.reset()
    }

    /// The server ended the watch in peace. A short wait keeps a server that ends every watch at once from being run over.
    mutating func watchEnded(randomness: UInt64) {
        pause = backoff.next(randomness)
    }

    mutating func failed(_ error: ClientError, randomness: UInt64) {
        switch error {
        case .api(let refusal):
            // Expired needs a list, and any other refusal of a watch (a revision that the server has never reached, for
            // instance) is not cured by asking the same again.
            if !refusal.isPassing { reached = nil }
        case .badAnswer:
            reached = nil
        case .unreachable, .interrupted, .timedOut, .cancelled, .configuration:
            break
        }
        pause = backoff.next(randomness)
    }
}

extension APIError {
    /// True for refusals that speak of the server's moment, not of the request.
    fileprivate var isPassing: Bool {
        switch self {
        case .tooManyRequests, .unavailable, .timeout, .internalError: true
        default: false
        }
    }
}
