import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TidemillAPIServer
import TidemillWire

/// A client over mutual TLS that shows what the server really answers.
struct TestClient: Sendable {
    private let http: HTTPClient
    let address: APIServer.Address
    let tls: TLSConfiguration

    /// `identity` nil connects without a certificate.
    init(_ address: APIServer.Address, authorityPEM: String, identity: IssuedCertificate?) throws {
        self.address = address
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorityPEM.utf8)))
        tls.shutdownTimeout = .milliseconds(100)
        if let identity {
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificatePEM.utf8)).map {
                .certificate($0)
            }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.keyPEM.utf8), format: .pem))
        }
        self.tls = tls
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async throws {
        try await http.shutdown()
    }

    /// One whole answer.
    struct Answer: Sendable {
        var code: Int
        var headers: HTTPHeaders
        var text: String

        /// The body as JSON; null when it is not.
        var json: JSON { (try? JSON.parse(text)) ?? .null }
        var reason: String? { json["reason"]?.string }
        var message: String? { json["message"]?.string }
    }

    func send(
        _ method: HTTPMethod, _ path: String, body: HTTPClientRequest.Body? = nil, headers: [(String, String)] = []
    ) async throws -> Answer {
        let response = try await stream(method, path, body: body, headers: headers)
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Answer(
            code: Int(response.status.code), headers: response.headers, text: String(buffer: bytes))
    }

    /// The head of an answer, its body still to come.
    func stream(
        _ method: HTTPMethod, _ path: String, body: HTTPClientRequest.Body? = nil, headers: [(String, String)] = []
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: address.url + path)
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = body }
        return try await http.execute(request, timeout: .seconds(60))
    }

    func get(_ path: String, accept: String? = nil) async throws -> Answer {
        try await send(.GET, path, headers: accept.map { [("Accept", $0)] } ?? [])
    }

    func post(_ path: String, _ body: String, type: String = "application/json") async throws -> Answer {
        try await send(.POST, path, body: .bytes(ByteBuffer(string: body)), headers: [("Content-Type", type)])
    }

    func put(_ path: String, _ body: String) async throws -> Answer {
        try await send(
            .PUT, path, body: .bytes(ByteBuffer(string: body)), headers: [("Content-Type", "application/json")])
    }

    func patch(
        _ path: String, _ body: String, type: String = "application/merge-patch+json"
    ) async throws -> Answer {
        try await send(.PATCH, path, body: .bytes(ByteBuffer(string: body)), headers: [("Content-Type", type)])
    }

    func delete(_ path: String, _ body: String? = nil) async throws -> Answer {
        try await send(.DELETE, path, body: body.map { .bytes(ByteBuffer(string: $0)) })
    }
}

/// The lines of a streamed answer, one at a time.
struct Lines {
    private var chunks: HTTPClientResponse.Body.AsyncIterator
    private var rest = ""

    init(_ response: HTTPClientResponse) {
        chunks = response.body.makeAsyncIterator()
    }

    /// The next whole line as JSON; nil at the end of the stream.
    mutating func next() async throws -> JSON? {
        while true {
            if let end = rest.firstIndex(of: "\n") {
                let line = String(rest[..<end])
                rest = String(rest[rest.index(after: end)...])
                return try JSON.parse(line)
            }
            guard let chunk = try await chunks.next() else { return nil }
            rest += String(buffer: chunk)
        }
    }
}
