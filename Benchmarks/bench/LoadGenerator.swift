import Histogram
import NIOCore
import NIOPosix
import NIOSSL

/// Drives a server over keep-alive HTTP/1.1 connections, one request at a time on each, with as little work per request
/// as possible: the machine is shared with the server that is measured.
struct LoadGenerator {
    var host: String
    var port: Int
    var tls: NIOSSLContext
    var connections: Int

    struct Outcome: Sendable {
        var requests: Int
        /// Answers that were not 2xx.
        var failures: Int
        var seconds: Double
        var latencyMicroseconds: Histogram<UInt32>

        var perSecond: Double { seconds > 0 ? Double(requests) / seconds : 0 }
    }

    /// Sends `total` requests and waits for every answer. `request(n)` gives the bytes of request number n.
    func run(total: Int, request: @escaping @Sendable (Int) -> [UInt8]) async throws -> Outcome {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let ledger = try await loop.submit { NIOLoopBound(Ledger(total: total, request: request), eventLoop: loop) }
            .get()
        let context = tls
        let name = host
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: nil))
                    try channel.pipeline.syncOperations.addHandler(RequestLoop(ledger: ledger.value))
                }
            }
        let clock = ContinuousClock()
        let began = clock.now
        var channels: [any Channel] = []
        for _ in 0..<connections {
            channels.append(try await bootstrap.connect(host: name, port: port).get())
        }
        for channel in channels { try await channel.closeFuture.get() }
        let seconds = (clock.now - began) / .seconds(1)
        let outcome = try await loop.submit {
            Outcome(
                requests: ledger.value.answered, failures: ledger.value.failures, seconds: seconds,
                latencyMicroseconds: ledger.value.latency)
        }.get()
        try await group.shutdownGracefully()
        return outcome
    }
}

/// What all connections of one run share; lives on one event loop.
private final class Ledger {
    let total: Int
    let request: @Sendable (Int) -> [UInt8]
    var next = 0
    var answered = 0
    var failures = 0
    var latency = Histogram<UInt32>(highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)

    init(total: Int, request: @escaping @Sendable (Int) -> [UInt8]) {
        self.total = total
        self.request = request
    }

    /// The bytes of the next request, or nil when all are sent.
    func take() -> [UInt8]? {
        guard next < total else { return nil }
        defer { next += 1 }
        return request(next)
    }
}

/// One connection: sends a request, reads head and body of the answer, sends the next.
private final class RequestLoop: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let ledger: Ledger
    private var received = ByteBuffer()
    private var sentAt = NIODeadline.now()

    init(ledger: Ledger) {
        self.ledger = ledger
    }

    func channelActive(context: ChannelHandlerContext) {
        send(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        while let answer = HTTPAnswer.take(from: &received) {
            ledger.answered += 1
            if !answer.isSuccess { ledger.failures += 1 }
            let micros = (NIODeadline.now() - sentAt).nanoseconds / 1_000
            ledger.latency.record(UInt64(max(1, micros)))
            send(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A server may end TLS without a close_notify; the count of answers shows whether anything is missing.
        context.close(promise: nil)
    }

    private func send(_ context: ChannelHandlerContext) {
        guard let bytes = ledger.take() else {
            context.close(promise: nil)
            return
        }
        sentAt = .now()
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
    }
}
