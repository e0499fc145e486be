import NIOCore
import NIOPosix
import NIOSSL

/// Requests over one connection, one at a time and in order: opened when something is to be sent, closed after a silence,
/// as our client does. Lives on one event loop.
final class RequestPipe {
    /// Nil when the connection failed first.
    typealias Answer = (HTTPAnswer?) -> Void

    private let host: String
    private let port: Int
    private let tls: NIOSSLContext
    private let loop: any EventLoop
    private var waiting = CircularBuffer<(bytes: [UInt8], answer: Answer)>()
    private var underWay: Answer?
    private var channel: (any Channel)?
    private var isConnecting = false
    private var received = ByteBuffer()
    private var closing: Scheduled<Void>?

    /// As long as our client's pool keeps a connection.
    private static let idle: TimeAmount = .seconds(20)

    init(host: String, port: Int, tls: NIOSSLContext, loop: any EventLoop) {
        self.host = host
        self.port = port
        self.tls = tls
        self.loop = loop
    }

    /// Sends a whole HTTP/1.1 request as soon as all before it are answered.
    func send(_ bytes: [UInt8], _ answer: @escaping Answer) {
        waiting.append((bytes, answer))
        proceed()
    }

    private func proceed() {
        guard underWay == nil, !isConnecting, !waiting.isEmpty else { return }
        guard let channel else { return connect() }
        closing?.cancel()
        let next = waiting.removeFirst()
        underWay = next.answer
        channel.writeAndFlush(channel.allocator.buffer(bytes: next.bytes), promise: nil)
    }

    private func connect() {
        isConnecting = true
        let bound = NIOLoopBound(self, eventLoop: loop)
        let tls = tls
        ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        NIOSSLClientHandler(context: tls, serverHostname: nil), PipeEnd(bound.value))
                }
            }
            .connect(host: host, port: port)
            .whenComplete { result in bound.value.connected(result) }
    }

    private func connected(_ result: Result<any Channel, any Error>) {
        isConnecting = false
        switch result {
        case .success(let channel):
            self.channel = channel
            proceed()
        case .failure:
            waiting.popFirst()?.answer(nil)
            proceed()
        }
    }

    fileprivate func take(_ bytes: inout ByteBuffer) {
        received.writeBuffer(&bytes)
        while let answer = HTTPAnswer.take(from: &received) {
            let told = underWay
            underWay = nil
            told?(answer)
            proceed()
        }
        guard underWay == nil, waiting.isEmpty else { return }
        closing?.cancel()
        closing = loop.assumeIsolated().scheduleTask(in: Self.idle) { self.channel?.close(promise: nil) }
    }

    fileprivate func ended() {
        channel = nil
        received.clear()
        closing?.cancel()
        let told = underWay
        underWay = nil
        told?(nil)
        proceed()
    }
}

/// The end of a pipe's connection.
private final class PipeEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let pipe: RequestPipe

    init(_ pipe: RequestPipe) {
        self.pipe = pipe
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        pipe.take(&bytes)
    }

    func channelInactive(context: ChannelHandlerContext) {
        pipe.ended()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
