import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import TidemillAPIServer
import TidemillClient
import TidemillDaemon
import TidemillModel
import TidemillRig
import TidemillWire

/// Clients that watch: many connections on one event loop, which note when something comes.
struct WatchLoad: Sendable {
    /// Watches that one user may hold are bounded, so there are several.
    private static let watchesPerUser = 1_000

    private let host: String
    private let port: Int
    private let authority: CertificateAuthority
    private let loop: any EventLoop
    private let tally: NIOLoopBound<WatchTally>

    init(rig: Rig) async throws {
        (host, port) = try ServerBench.address(try Kubeconfig(path: rig.kubeconfig).endpoint.url)
        authority = try CertificateAuthority.open(folder: rig.dataFolder, time: SystemTime())
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        self.loop = loop
        tally = try await loop.submit { NIOLoopBound(WatchTally(), eventLoop: loop) }.get()
    }

    /// Opens watches of the leases of a namespace, from now on, sixteen handshakes at a time.
    func open(_ count: Int, namespace: String) async throws {
        let path = ObjectPath.collection(Kinds.Lease.info, namespace: namespace)
        let query = "?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=false"
        let request = "GET \(path)\(query) HTTP/1.1\r\nHost: \(host)\r\nAccept: application/json\r\n\r\n"
        for first in stride(from: 0, to: count, by: Self.watchesPerUser) {
            let issued = try authority.issueClient(
                commonName: "watcher-\(namespace)-\(first)", organizations: [Peer.mastersGroup], time: SystemTime())
            let context = try NIOSSLContext(
                configuration: .ofClient(
                    Credentials(
                        authorityPEM: authority.certificatePEM, certificatePEM: issued.certificatePEM,
                        keyPEM: issued.keyPEM)))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<min(Self.watchesPerUser, count - first) {
                    if number >= 16 { try await group.next() }
                    group.addTask { try await connect(context, request) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func connect(_ context: NIOSSLContext, _ request: String) async throws {
        let tally = tally
        _ = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        NIOSSLClientHandler(context: context, serverHostname: nil),
                        Watcher(request: request, tally: tally.value))
                }
            }
            .connect(host: host, port: port).get()
    }

    /// Watches whose answer has begun. Throws when one has ended.
    func answered() async throws -> Int {
        let (answered, ended) = try await loop.submit { (tally.value.answered, tally.value.ended) }.get()
        if ended > 0 { throw RigError("\(ended) watches have ended") }
        return answered
    }

    /// Forgets what has come, and says when that was, in nanoseconds.
    func begin() async throws -> UInt64 {
        try await loop.submit {
            tally.value.arrivals = []
            return NIODeadline.now().uptimeNanoseconds
        }.get()
    }

    /// When something came since `begin`, once for each watch that it came to.
    func arrivals() async throws -> [UInt64] {
        try await loop.submit { tally.value.arrivals }.get()
    }
}

/// What all watchers of one loop share.
final class WatchTally {
    var answered = 0
    var ended = 0
    var arrivals: [UInt64] = []
}

/// One connection with one watch. The first thing that comes is the head of the answer; each further one is an event.
private final class Watcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: String
    private let tally: WatchTally
    private var isAnswered = false
    private var hasNews = false

    init(request: String, tally: WatchTally) {
        self.request = request
        self.tally = tally
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasNews = true
    }

    /// What comes together counts once.
    func channelReadComplete(context: ChannelHandlerContext) {
        guard hasNews else { return }
        hasNews = false
        if isAnswered {
            tally.arrivals.append(NIODeadline.now().uptimeNanoseconds)
        } else {
            isAnswered = true
            tally.answered += 1
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        tally.ended += 1
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
