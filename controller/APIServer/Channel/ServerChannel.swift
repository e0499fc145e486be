import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL
import NIOTLS

/// One accepted connection: TLS, then the protocol that was agreed on.
struct Connection: ServerChildChannelValue {
    let channel: any Channel
    /// Fails when the connection ends before its handshake does.
    let negotiated: EventLoopFuture<Negotiated>
}

/// What a connection speaks. HTTP/2 (`h2` in ALPN) and connections taken over by an upgrade join here as cases of their own.
enum Negotiated: Sendable {
    case http1(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, certificate: NIOSSLCertificate?)
}

/// How the server treats each connection it accepts.
///
/// In order: TLS with the context that holds now, `HandshakeObserver`, the negotiation; then for HTTP/1.1 the codecs,
/// `RequestGuard`, the idle time-out. The peer's certificate is read once and reaches requests as `Peer.current`.
struct ServerChannel: HTTPChannelHandler {
    typealias Value = Connection

    let tls: TLSContextHolder
    let limits: ServerLimits
    let registry: ConnectionRegistry
    /// The Status that answers what is not HTTP.
    let refusal: ByteBuffer
    /// For what goes wrong with connections; what `Server` hands in says what it does itself.
    let logger: Logger
    let responder: HTTPChannelHandler.Responder

    func setup(channel: any Channel, logger _: Logger) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture {
            try keepAlive(channel)
            let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(limits.setup)) {
                channel.close(promise: nil)
            }
            let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Negotiated> { _, channel in
                // Must return at once: what has been read is held back until this future is done.
                channel.eventLoop.makeCompletedFuture { try setUpHTTP1(channel, deadline) }
            }
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(NIOSSLServerHandler(context: tls.current))
            try pipeline.addHandler(HandshakeObserver(logger: logger))
            try pipeline.addHandler(negotiation)
            return Connection(channel: channel, negotiated: negotiation.protocolNegotiationResult)
        }
    }

    /// The kernel asks a silent peer whether it is still there, and closes the connection after a minute without an answer:
    /// streams may be silent for hours.
    private func keepAlive(_ channel: any Channel) throws {
        guard let options = channel.syncOptions else { return }
        try options.setOption(.socketOption(.so_keepalive), value: 1)
        // TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT of Linux.
        for (option, value) in [(4, 30), (5, 10), (6, 3)] as [(CInt, Int)] {
            try options.setOption(.tcpOption(NIOBSDSocket.Option(rawValue: option)), value: value)
        }
    }

    private func setUpHTTP1(
        _ channel: any Channel, _ deadline: Scheduled<Void>
    ) throws -> Negotiated {
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = limits.headerFieldBytes
        decoder.maxHeaderListSize = limits.headerBytes
        decoder.maxHeaderFieldCount = limits.headerFields
        let pipeline = channel.pipeline.syncOperations
        let certificate = try pipeline.nioSSL_peerCertificate()
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoder)
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: true))
        try pipeline.addHandler(RequestGuard(limits: limits, setupDeadline: deadline, refusal: refusal))
        try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: limits.idle, logger: logger))
        return .http1(
            try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true)),
            certificate: certificate)
    }

    func handle(value: Connection, logger _: Logger) async {
        let negotiated: Negotiated
        do {
            negotiated = try await value.negotiated.get()
        } catch {
            // HandshakeObserver has said why; a peer that merely left is not worth a line.
            return
        }
        switch negotiated {
        case .http1(let http, let certificate):
            await handleHTTP1(http, certificate: certificate)
        }
    }

    private func handleHTTP1(
        _ http: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, certificate: NIOSSLCertificate?
    ) async {
        let peer: Peer?
        do {
            peer = try certificate.map { try Peer($0) }
        } catch {
            logger.warning("unreadable client certificate", metadata: ["error": "\(error)"])
            peer = nil
        }
        // A connection without a peer is still answered: every request on it gets 401.
        let id = if let peer { await registry.add(peer, http.channel) } else { UInt64(0) }
        await Peer.$current.withValue(peer) { await handleHTTP(asyncChannel: http, logger: logger) }
        await registry.remove(id)
    }
}

extension NIOCore.TimeAmount {
    init(_ duration: Duration) {
        self = .nanoseconds(
            duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000)
    }
}
