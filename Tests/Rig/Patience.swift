import Foundation

/// Waits for conditions that nobody announces: a file that appears, a process that is gone. The only place of the tests
/// that lets time pass.
package enum Patience {
    /// By how much everything may take longer than on a machine of our own, and how much less often to ask:
    /// TIDEMILL_PATIENCE, for emulated ones.
    package static let factor = ProcessInfo.processInfo.environment["TIDEMILL_PATIENCE"].flatMap { Int($0) } ?? 1

    /// Asks `condition` until it gives a value, at most for `limit`.
    /// - Throws: RigError that says what was waited for.
    package static func until<Value>(
        _ what: String, within limit: Duration = .seconds(30), every pause: Duration = .milliseconds(20),
        isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Value?
    ) async throws -> Value {
        let clock = ContinuousClock()
        let (limit, pause) = (limit * factor, pause * factor)
        let end = clock.now + limit
        while true {
            if let value = try await condition() { return value }
            if clock.now >= end { throw RigError("waited \(limit) in vain: \(what)") }
            try await Task.sleep(for: pause)
        }
    }

    /// Asks until the condition holds, at most for `limit`.
    package static func untilTrue(
        _ what: String, within limit: Duration = .seconds(30), every pause: Duration = .milliseconds(20),
        isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
    ) async throws {
        _ = try await until(what, within: limit, every: pause) { try await condition() ? true : nil }
    }
}
