/// Waits for what nobody announces: a file that appears, a server that answers.
enum Patience {
    /// Asks until `look` gives a value, at most for `limit`; nil when it gave none.
    static func wait<Value>(
        _ limit: Duration, every pause: Duration = .milliseconds(50), isolation: isolated (any Actor)? = #isolation,
        _ look: () async throws -> Value?
    ) async throws -> Value? {
        let end = ContinuousClock.now + limit
        while true {
            if let value = try await look() { return value }
            if ContinuousClock.now >= end { return nil }
            try await Task.sleep(for: pause)
        }
    }
}
