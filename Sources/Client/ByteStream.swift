import AsyncHTTPClient
import NIOCore

/// The body of a response while it arrives: chunks of bytes whose boundaries mean nothing.
package struct ByteStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = ClientError

    let body: HTTPClientResponse.Body

    package struct AsyncIterator: AsyncIteratorProtocol {
        var base: HTTPClientResponse.Body.AsyncIterator

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(ClientError)
            -> [UInt8]?
        {
            do {
                return try await base.next(isolation: actor).map { Array($0.readableBytesView) }
            } catch {
                throw ClientError(reading: error)
            }
        }

        package mutating func next() async throws(ClientError) -> [UInt8]? {
            try await next(isolation: nil)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: body.makeAsyncIterator()) }

    /// The stream cut into lines, each without its end.
    ///
    /// `limit` is the longest acceptable line in bytes.
    package func lines(limit: Int = 4 << 20) -> LineStream { LineStream(bytes: self, limit: limit) }
}

/// The lines of a response's body, as they become complete. A last line without an end counts.
package struct LineStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = ClientError

    let bytes: ByteStream
    let limit: Int

    package struct AsyncIterator: AsyncIteratorProtocol {
        var base: ByteStream.AsyncIterator
        var splitter: LineSplitter
        var limit: Int

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(ClientError)
            -> [UInt8]?
        {
            while true {
                if let line = splitter.next() { return line }
                if splitter.isOverlong { throw .badAnswer("a line of the stream is longer than \(limit) bytes") }
                guard let chunk = try await base.next(isolation: actor) else { return splitter.rest() }
                splitter.append(chunk)
            }
        }

        package mutating func next() async throws(ClientError) -> [UInt8]? {
            try await next(isolation: nil)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: bytes.makeAsyncIterator(), splitter: LineSplitter(limit: limit), limit: limit)
    }
}
