import HummingbirdCore
import NIOCore
import ServiceLifecycle
import TidemillModel

/// Writes the chunks of a long answer, from the task that produces them.
struct StreamWriter: @unchecked Sendable {
    // Sendable in fact: what hummingbird hands over is a value around NIO's outbound writer, which takes writes from any task.
    private let writer: any ResponseBodyWriter
    private let loop: (any EventLoop)?

    /// - Parameter channel: that of the answer, for one whose chunks may come faster than they can be encrypted: each write
    ///   then waits until the channel's event loop has taken the one before.
    init(_ writer: any ResponseBodyWriter, pacedBy channel: (any Channel)? = nil) {
        self.writer = writer
        loop = channel?.eventLoop
    }

    /// Waits while the peer does not read. Throws once the connection is gone.
    func write(_ chunk: ByteBuffer) async throws {
        var copy = writer
        try await copy.write(chunk)
        // The writer only waits while the socket is full. Up to there the loop would queue whatever comes.
        try await loop?.submit {}.get()
    }
}

/// Runs `work` until it ends by itself, the connection closes, `limit` passes or the server is asked to stop; `stop` then
/// makes work end that waits for something which cancellation does not reach.
///
/// Throws what `work` throws before any of these.
func whileConnected(
    _ channel: any Channel, limit: Duration? = nil, sleep: @escaping Sleep,
    stop: @escaping @Sendable () async -> Void = {}, _ work: @escaping @Sendable () async throws -> Void
) async throws {
    let (closed, signal) = AsyncStream<Void>.makeStream()
    channel.closeFuture.whenComplete { _ in signal.finish() }
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { for await _ in closed {} }
        group.addTask { try await gracefulShutdown() }
        if let limit { group.addTask { try await sleep(limit) } }
        group.addTask { try await work() }
        let first = await group.nextResult()
        await stop()
        group.cancelAll()
        try first?.get()
    }
}
