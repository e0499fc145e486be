import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Holds one HTTP/1.1 connection to the limits of time and size, on its event loop, and answers what is not HTTP.
///
/// 1. The first request's head must have come before the deadline that was set when the connection was accepted.
/// 2. A body must have come whole within `limits.body`, and never grows past `limits.drainedBytes`. A body that only drips is
///    seen when its next piece comes; one that stops is the idle time-out's.
/// 3. Log streams of agents and sessions in tasks are exempt: they are as long as they are. One that is answered before
///    its end is cut. They may also be silent for as long as they like; that the peer is there is TCP's to say.
/// 4. After a body that was too large the connection ends, once the client has sent it and could read the answer.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ServerLimits
    private let bodyTime: TimeAmount
    private let refusal: ByteBuffer
    private var setupDeadline: Scheduled<Void>?
    /// Set while a stream is open.
    private var nextSign: Scheduled<Void>?
    private var bodyDeadline = NIODeadline.distantFuture
    private var bodyBytes = 0
    private var isExempt = false
    private var hasOpenRequest = false
    private var hasOpenResponse = false
    private var closesAfterRequest = false

    /// `refusal` is the Status that answers what cannot be parsed.
    init(limits: ServerLimits, setupDeadline: Scheduled<Void>, refusal: ByteBuffer) {
        self.limits = limits
        self.setupDeadline = setupDeadline
        self.refusal = refusal
        bodyTime = TimeAmount(limits.body)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            setupDeadline?.cancel()
            setupDeadline = nil
            bodyBytes = 0
            hasOpenRequest = true
            bodyDeadline = context.eventLoop.now + bodyTime
            isExempt = head.path.map(TunnelRoute.isStream) ?? false
            if isExempt { scheduleSign(context) }
        case .body(let buffer):
            guard !isExempt else { break }
            bodyBytes += buffer.readableBytes
            if bodyBytes > limits.drainedBytes || context.eventLoop.now > bodyDeadline {
                context.close(promise: nil)
                return
            }
        case .end:
            hasOpenRequest = false
            nextSign?.cancel()
            if closesAfterRequest, !hasOpenResponse {
                context.close(promise: nil)
                return
            }
        }
        context.fireChannelRead(data)
    }

    /// An empty piece of a stream's body from time to time, for the idle time-out behind this handler.
    private func scheduleSign(_ context: ChannelHandlerContext) {
        nextSign = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.idle / 3)) {
            guard self.hasOpenRequest, self.isExempt else { return }
            context.fireChannelRead(self.wrapInboundOut(.body(ByteBuffer())))
            self.scheduleSign(context)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            hasOpenResponse = head.status.kind != .informational
            closesAfterRequest = head.status == .contentTooLarge
        case .body:
            break
        case .end:
            hasOpenResponse = false
            if hasOpenRequest ? isExempt : closesAfterRequest {
                writeLast(context: context, data: data, promise: promise)
                return
            }
        }
        context.write(data, promise: promise)
    }

    /// Writes the end of the connection's last answer, and closes once the kernel has it.
    private func writeLast(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let written = promise ?? context.eventLoop.makePromise(of: Void.self)
        let channel = context.channel
        written.futureResult.whenComplete { _ in channel.close(promise: nil) }
        context.writeAndFlush(data, promise: written)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What cannot be parsed has no end either: answer once, if no answer has begun, and close.
        guard !hasOpenResponse else {
            context.close(promise: nil)
            return
        }
        hasOpenResponse = true
        let head = HTTPResponse(
            status: .badRequest,
            headerFields: [
                .contentType: "application/json", .contentLength: String(refusal.readableBytes), .connection: "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(refusal)), promise: nil)
        writeLast(context: context, data: wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        setupDeadline?.cancel()
        setupDeadline = nil
        nextSign?.cancel()
        context.fireChannelInactive()
    }
}
