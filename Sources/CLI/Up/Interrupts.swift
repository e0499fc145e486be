import Dispatch
import Foundation

/// Ctrl-C and its like, as the end of a piece of work instead of the end of the program.
enum Interrupts {
    /// Runs `body` until it ends, or until SIGINT, SIGTERM or SIGHUP arrive; then it is cancelled and the result is nil.
    /// From the first call on, these signals do not end the program any more.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value? {
        try await run({}, then: body)
    }

    /// The same with a beginning that is not cancelled, so that it is known what it did: a signal that comes meanwhile counts
    /// once it is over.
    static func run<First: Sendable, Value: Sendable>(
        _ first: () async throws -> First, then body: @escaping @Sendable (First) async throws -> Value
    ) async throws -> Value? {
        let (signals, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(1))
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        let begun = try await first()
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body(begun) }
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { return nil }
            return first
        }
    }
}
