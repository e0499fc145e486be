import Dispatch
import Foundation
import TidemillRig

/// Ctrl-C and its like, as the end of what is being done instead of the end of the program: daemons and slices of a rig would
/// outlive that.
enum Interruption {
    /// Runs `body` until it ends, or until SIGINT, SIGTERM or SIGHUP arrive: then it is cancelled, and this throws. Whoever
    /// calls is not cancelled, and takes away what was made. From the first call on, these signals do not end the program.
    static func watch<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let (signals, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(1))
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await number in signals { throw RigError("interrupted by signal \(number)") }
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else { throw RigError("interrupted") }
            return value
        }
    }
}
