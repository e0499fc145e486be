import NIOCore
import NIOHTTP1
import TidemillWire

/// One watch as a client reads it: asked for once, and every event is handed over as a tree. Lives on one event loop.
///
/// Sits behind HTTP handlers.
final class EventStream: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// What a reader is told.
    enum Notice {
        /// The answer has begun.
        case opened
        case event(type: String, object: JSON)
        case ended(String)
    }

    private let request: HTTPRequestHead
    private let tell: (Notice) -> Void
    private var rest = ByteBuffer()

    init(path: String, host: String, tell: @escaping (Notice) -> Void) {
        request = HTTPRequestHead(
            version: .http1_1, method: .GET, uri: path,
            headers: ["Host": host, "Accept": "application/json", "User-Agent": "tidemill-bench"])
        self.tell = tell
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            tell(head.status == .ok ? .opened : .ended("a watch was answered with \(head.status.code)"))
        case .body(var bytes):
            if rest.readableBytes == 0 { rest = bytes } else { rest.writeBuffer(&bytes) }
            takeLines()
        case .end:
            tell(.ended("a watch has ended"))
        }
    }

    private func takeLines() {
        while let length = rest.readableBytesView.firstIndex(of: 10).map({ $0 - rest.readerIndex }) {
            guard let line = rest.readBytes(length: length) else { return }
            rest.moveReaderIndex(forwardBy: 1)
            do throws(JSONError) {
                let event = try JSON.parse(line)
                tell(.event(type: event["type"]?.string ?? "", object: event["object"] ?? .null))
            } catch {
                tell(.ended("an event cannot be read: \(error.message)"))
            }
        }
        rest.discardReadBytes()
    }

    func channelInactive(context: ChannelHandlerContext) {
        tell(.ended("the connection of a watch has ended"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        tell(.ended("\(error)"))
        context.close(promise: nil)
    }
}
