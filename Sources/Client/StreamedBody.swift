import NIOCore

/// A body of byte arrays in the form that the HTTP client takes, at the pace of the event loop that sends it.
///
/// The client asks for more until the socket is full, and queues what it gets at the loop of the connection. A loop that has
/// more to do than to take it, such as to encrypt it, would gather all there is: so each chunk waits until the loop has
/// taken the one before.
struct StreamedBody<Base: AsyncSequence & Sendable>: AsyncSequence, Sendable where Base.Element == [UInt8] {
    typealias Element = ByteBuffer
    let base: Base
    /// The one on which all streamed bodies are sent.
    let loop: any EventLoop

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: Base.AsyncIterator
        let loop: any EventLoop

        mutating func next() async throws -> ByteBuffer? {
            try await loop.submit {}.get()
            return try await base.next().map { ByteBuffer(bytes: $0) }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), loop: loop) }
}
