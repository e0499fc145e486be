import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import TidemillModel
import TidemillSeams
import TidemillWire

/// Speaks to one API server through one pool of connections. A value: copies share the pool, and any task may call it.
///
/// Call `shutdown()` when done; requests still running end as `.cancelled`. Give every purpose a client of its own
/// (heartbeats, watches and writes, the tunnel), so that none waits for another.
package struct APIClient: Sendable {
    package let endpoint: Endpoint
    private let connections: Connections
    private let retry: RetryRules?

    /// - Parameters:
    ///   - userAgent: names the program in the server's logs.
    ///   - connections: the most connections open at once; a watch or a tunnel holds one for as long as it lasts.
    ///   - retry: how calls without effect are repeated; never when nil.
    /// - Throws: `.configuration` when a certificate or key cannot be used.
    package init(
        endpoint: Endpoint, userAgent: String, connections: Int = 100, connectTimeout: Duration = .seconds(5),
        retry: RetryRules? = nil
    ) throws(ClientError) {
        self.endpoint = endpoint
        self.connections = try Connections(
            endpoint: endpoint, userAgent: userAgent, most: connections, connectTimeout: connectTimeout)
        self.retry = retry
    }

    /// Closes all connections.
    package func shutdown() async {
        await connections.shutdown()
    }

    /// The largest answer that is read whole, in bytes.
    package static let answerLimit = 256 << 20

    /// Sends a request and reads the whole answer; repeats it where the rules allow.
    ///
    /// - Throws: `.api` when the server answers with an error.
    package func send(_ request: APIRequest) async throws(ClientError) -> [UInt8] {
        guard var rules = retry else { return try await sendOnce(request) }
        var attempt = 1
        while true {
            let failure: ClientError
            do throws(ClientError) {
                return try await sendOnce(request)
            } catch {
                failure = error
            }
            guard attempt < rules.attempts, failure.mayRepeat(isSafe: request.isSafe) else { throw failure }
            attempt += 1
            do {
                try await rules.sleep(rules.backoff.next(rules.randomness.next()))
            } catch {
                throw .cancelled
            }
        }
    }

    /// Sends a request and reads the answer as JSON.
    package func json(_ request: APIRequest) async throws(ClientError) -> JSON {
        try Self.parse(try await send(request))
    }

    /// Sends a request and returns the answer's body while it arrives. `request.timeout` covers the whole stream.
    package func stream(_ request: APIRequest) async throws(ClientError) -> ByteStream {
        ByteStream(body: try await Self.accepted(await connections.execute(request)).body)
    }

    /// Sends `body` as it comes and returns the answer's body while it arrives, in both directions at once: the answer may
    /// begin before the body has ended. The sequence is abandoned when the server ends the exchange first.
    package func exchange<Body: AsyncSequence & Sendable>(
        _ request: APIRequest, body: Body
    ) async throws(ClientError) -> ByteStream where Body.Element == [UInt8] {
        ByteStream(body: try await Self.accepted(await connections.exchange(request, body: body)).body)
    }

    /// Posts a document and reads the answer as JSON.
    package func post(_ path: String, _ document: JSON, timeout: Duration = .seconds(30)) async throws(ClientError)
        -> JSON
    {
        try await json(APIRequest(.post, path, body: document.bytes, timeout: timeout))
    }

    private func sendOnce(_ request: APIRequest) async throws(ClientError) -> [UInt8] {
        let response = try await Self.accepted(await connections.execute(request))
        return try await Self.whole(response.body, limit: Self.answerLimit)
    }

    /// Turns an error answer into the error that its Status names.
    private static func accepted(_ response: HTTPClientResponse) async throws(ClientError) -> HTTPClientResponse {
        guard response.status.code >= 300 else { return response }
        let bytes = try await whole(response.body, limit: 1 << 20)
        throw failure(code: Int(response.status.code), body: bytes)
    }

    /// The error that an answer with an error code stands for.
    static func failure(code: Int, body: [UInt8]) -> ClientError {
        // An answer that is not a Status comes from something else on the way, a proxy for instance; its text says more
        // than the parser's complaint.
        if let json = try? JSON.parse(body), let status = Status(json: json) {
            return .api(APIError(status: status))
        }
        let text = String(decoding: body.prefix(200), as: UTF8.self)
        return .badAnswer("HTTP \(code)" + (text.isEmpty ? "" : ": \(text)"))
    }

    private static func whole(_ body: HTTPClientResponse.Body, limit: Int) async throws(ClientError) -> [UInt8] {
        do {
            return Array(try await body.collect(upTo: limit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw .badAnswer("it is longer than \(limit) bytes")
        } catch {
            throw ClientError(reading: error)
        }
    }

    static func parse(_ bytes: [UInt8]) throws(ClientError) -> JSON {
        do {
            return try JSON.parse(bytes, limits: JSONLimits(bytes: answerLimit))
        } catch {
            throw .badAnswer("\(error)")
        }
    }
}

extension ClientError {
    /// Whether a call that failed like this can be repeated without doing anything twice.
    func mayRepeat(isSafe: Bool) -> Bool {
        switch self {
        case .unreachable, .api(.tooManyRequests), .api(.unavailable): true
        case .interrupted, .timedOut: isSafe
        case .api, .cancelled, .badAnswer, .configuration: false
        }
    }
}
