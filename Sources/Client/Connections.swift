import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import TidemillSeams

/// One pool of connections to one server, with mutual TLS over HTTP/1.1.
///
/// A pool serves one purpose: heartbeats get their own, so that nothing else can hold them up.
struct Connections: Sendable {
    private let endpoint: Endpoint
    private let client: HTTPClient
    /// For bodies that are streams: all of its connections are on `loop`.
    private let exchanges: HTTPClient
    private let loop: any EventLoop
    private let userAgent: String

    init(endpoint: Endpoint, userAgent: String, most: Int, connectTimeout: Duration) throws(ClientError) {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = try Self.tls(endpoint.credentials)
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .nanoseconds(connectTimeout.wholeNanoseconds))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = most
        // Shorter than the server's own limit, so that a request rarely meets a connection that is being closed.
        configuration.connectionPool.idleTimeout = .seconds(20)
        // A refused connection is an answer; waiting for a server to appear is the caller's decision.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        loop = HTTPClient.defaultEventLoopGroup.next()
        exchanges = HTTPClient(eventLoopGroupProvider: .shared(loop), configuration: configuration)
        self.endpoint = endpoint
        self.userAgent = userAgent
    }

    func shutdown() async {
        await withDiscardingTaskGroup { group in
            for client in [client, exchanges] {
                // An error says that requests were still running; they have been ended, which is what was asked for.
                group.addTask { try? await client.shutdown() }
            }
        }
    }

    /// Sends a request and returns once the response's head has arrived.
    func execute(_ request: APIRequest) async throws(ClientError) -> HTTPClientResponse {
        try await execute(request, with: client, body: request.body.map { .bytes(ByteBuffer(bytes: $0)) })
    }

    /// The same with a body that is sent while the answer comes.
    func exchange<Body: AsyncSequence & Sendable>(
        _ request: APIRequest, body: Body
    ) async throws(ClientError) -> HTTPClientResponse where Body.Element == [UInt8] {
        try await execute(
            request, with: exchanges, body: .stream(StreamedBody(base: body, loop: loop), length: .unknown))
    }

    private func execute(
        _ request: APIRequest, with client: HTTPClient, body: HTTPClientRequest.Body?
    ) async throws(ClientError) -> HTTPClientResponse {
        var http = HTTPClientRequest(url: endpoint.url + request.target)
        http.method = HTTPMethod(rawValue: request.method.rawValue)
        http.headers.add(name: "accept", value: request.accept)
        http.headers.add(name: "user-agent", value: userAgent)
        if let body {
            http.headers.add(name: "content-type", value: request.contentType)
            http.body = body
        }
        do {
            return try await client.execute(http, timeout: .nanoseconds(request.timeout.wholeNanoseconds))
        } catch {
            throw ClientError(sending: error)
        }
    }

    private static func tls(_ credentials: Credentials) throws(ClientError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        // A peer that does not answer the goodbye holds up a program's end for so long; the default is 5 s.
        configuration.shutdownTimeout = .milliseconds(300)
        do {
            let authorities = try NIOSSLCertificate.fromPEMBytes(Array(credentials.authorityPEM.utf8))
            configuration.trustRoots = .certificates(authorities)
        } catch {
            throw .configuration("the certificate authority is not a PEM certificate: \(error)")
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(credentials.certificatePEM.utf8))
            configuration.certificateChain = chain.map { .certificate($0) }
        } catch {
            throw .configuration("the client certificate is not a PEM certificate: \(error)")
        }
        do {
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: Array(credentials.keyPEM.utf8), format: .pem))
        } catch {
            throw .configuration("the client key is not a PEM private key: \(error)")
        }
        return configuration
    }
}
