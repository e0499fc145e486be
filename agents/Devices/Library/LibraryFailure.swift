/// Why nothing could be had of a vendor's library.
package struct LibraryFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// A word for conditions.
    package var reason: String
    /// A sentence without its full stop.
    package var message: String

    package init(_ reason: String, _ message: String) {
        self.reason = reason
        self.message = message
    }

    package static let notFoundReason = "LibraryNotFound"

    /// It is not on this machine: the names that were tried, and the loader's words on the last one.
    package static func notFound(_ names: [String], _ detail: String) -> LibraryFailure {
        LibraryFailure(notFoundReason, "\(names.joined(separator: ", ")) cannot be loaded: \(detail)")
    }

    /// It lacks a function that it must have.
    package static func lacks(_ symbol: String, _ file: String) -> LibraryFailure {
        LibraryFailure("LibraryTooOld", "\(file) has no function \(symbol)")
    }

    /// A call without which nothing can be told answered with an error.
    package static func refused(_ call: String, _ code: Int64, _ text: String?) -> LibraryFailure {
        LibraryFailure("LibraryError", "\(call) answered \(code)\(text.map { " (\($0))" } ?? "")")
    }

    package static func timedOut(_ time: Duration) -> LibraryFailure {
        LibraryFailure(
            "LibraryTimedOut",
            "it gave no answer within \(time.components.seconds) s, and the process that asked was ended")
    }

    /// The process that called it ended.
    package static func crashed(_ how: String) -> LibraryFailure {
        LibraryFailure("LibraryCrashed", "the process that asked \(how)")
    }

    /// What came was not an answer.
    package static func garbled(_ what: String) -> LibraryFailure {
        LibraryFailure("LibraryGarbled", "its answer cannot be read: \(what)")
    }

    package var description: String { message }
}
