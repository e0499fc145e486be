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
        while let succeeded = takeAnswer() {
            ledger.answered += 1
            if !succeeded { ledger.failures += 1 }
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

    /// Takes one whole answer off the front of what was received: nil while it is incomplete, else whether it was a 2xx.
    private func takeAnswer() -> Bool? {
        let answer = received.withUnsafeReadableBytes { bytes -> (length: Int, succeeded: Bool)? in
            guard let head = endOfHead(bytes), let length = contentLength(bytes[..<head]) else { return nil }
            guard bytes.count >= head + length else { return nil }
            return (head + length, bytes[9] == UInt8(ascii: "2"))
        }
        guard let answer else { return nil }
        received.moveReaderIndex(forwardBy: answer.length)
        received.discardReadBytes()
        return answer.succeeded
    }
}

/// The offset behind the empty line that ends an HTTP/1.1 head.
private func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
    var index = 3
    while index < bytes.count {
        if bytes[index] == 10, bytes[index - 1] == 13, bytes[index - 2] == 10, bytes[index - 3] == 13 {
            return index + 1
        }
        index += 1
    }
    return nil
}

/// The value of the Content-Length header in any case; nil when there is none.
private func contentLength(_ head: Slice<UnsafeRawBufferPointer>) -> Int? {
    let name = Array("\ncontent-length:".utf8)
    var index = head.startIndex
    while index + name.count < head.endIndex {
        var matched = 0
        while matched < name.count,
            head[index + matched] | (matched == 0 ? 0 : 0x20) == name[matched] | (matched == 0 ? 0 : 0x20)
        {
            matched += 1
        }
        if matched == name.count {
            var value = 0
            var digit = index + matched
            while digit < head.endIndex, head[digit] != 13 {
                if head[digit] >= 48, head[digit] <= 57 { value = value * 10 + Int(head[digit] - 48) }
                digit += 1
            }
            return value
        }
        index += 1
    }
    return nil
}
