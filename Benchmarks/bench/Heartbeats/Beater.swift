import NIOCore
import TidemillDaemon
import TidemillNodeCore
import TidemillSeams
import TidemillWire

/// One connection of one simulated agent, which renews its lease as a real one does: the shipped `HeartbeatCore` says what
/// is sent, and when. Lives on one event loop.
final class Beater: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var core: HeartbeatCore
    private let head: String
    private let tally: BeatTally
    private let time = SystemTime()
    private var randomness: SeededGenerator
    private var received = ByteBuffer()
    private var underWay: Heartbeat?
    private var applied = Revision(0)
    private var next: Scheduled<Void>?

    init(core: HeartbeatCore, host: String, tally: BeatTally, seed: UInt64) {
        self.core = core
        self.tally = tally
        randomness = SeededGenerator(seed: seed)
        head =
            "POST /agent/v1/heartbeat HTTP/1.1\r\nHost: \(host)\r\nAccept: application/json\r\n"
            + "User-Agent: tidemill-agent/bench\r\nContent-Type: application/json\r\nContent-Length: "
    }

    func channelActive(context: ChannelHandlerContext) {
        tally.connected += 1
        beat(context)
    }

    private func beat(_ context: ChannelHandlerContext) {
        let heartbeat = core.beat(at: time.now(), applied: applied)
        let body = heartbeat.json.bytes
        var buffer = context.channel.allocator.buffer(capacity: head.utf8.count + 16 + body.count)
        buffer.writeString(head)
        buffer.writeString("\(body.count)\r\n\r\n")
        buffer.writeBytes(body)
        underWay = heartbeat
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        while let answer = HTTPAnswer.take(from: &received) {
            take(answer)
            let wait = core.wait(at: time.now(), randomness: randomness.next())
            next = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(wait.wholeNanoseconds)) {
                self.beat(context)
            }
        }
    }

    private func take(_ answer: HTTPAnswer) {
        guard let heartbeat = underWay else {
            tally.errors += 1
            return
        }
        underWay = nil
        let latency = time.now().nanoseconds - heartbeat.sentAt
        if Duration.nanoseconds(latency) > core.patience { tally.late += 1 }
        // What is not a heartbeat's reply is an error, whatever it is.
        guard answer.isSuccess, let json = try? JSON.parse(Array(answer.body.readableBytesView)),
            let reply = try? HeartbeatReply(json: json)
        else {
            tally.errors += 1
            return
        }
        switch core.answered(reply, to: heartbeat) {
        case .renewed:
            tally.acknowledge(microseconds: latency / 1_000, interval: reply.intervalMilliseconds)
            applied = Revision(reply.revision)
        default:
            tally.refused += 1
            tally.lastRefusal = reply.message ?? reply.reason
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        next?.cancel()
        tally.connected -= 1
        tally.lost += 1
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        tally.errors += 1
        tally.lastRefusal = "\(error)"
        context.close(promise: nil)
    }
}

/// A stream that a real agent holds beside its heartbeats: it is asked for once, and what comes is thrown away.
final class IdleStream: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: String
    private let tally: BeatTally

    init(path: String, host: String, tally: BeatTally) {
        request = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nAccept: application/json\r\n\r\n"
        self.tally = tally
    }

    func channelActive(context: ChannelHandlerContext) {
        tally.streams += 1
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: request)), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        tally.streams -= 1
        tally.lost += 1
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        tally.errors += 1
        tally.lastRefusal = "\(error)"
        context.close(promise: nil)
    }
}
