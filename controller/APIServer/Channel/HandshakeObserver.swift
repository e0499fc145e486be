import Logging
import NIOCore
import NIOTLS

/// Says why a TLS handshake failed, and closes the connection; without it a refused client would leave no trace.
final class HandshakeObserver: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let logger: Logger
    private var isDone = false

    init(logger: Logger) {
        self.logger = logger
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted:
            isDone = true
        case is ChannelShouldQuiesceEvent where !isDone:
            context.close(promise: nil)
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isDone {
            context.fireErrorCaught(error)
            return
        }
        logger.info(
            "TLS handshake refused",
            metadata: ["remote": "\(context.channel.remoteAddress?.description ?? "unknown")", "error": "\(error)"])
        context.close(promise: nil)
    }
}
