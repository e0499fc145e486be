import ArgumentParser
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TidemillAPIServer
import TidemillClient
import TidemillDaemon
import TidemillModel
import TidemillNodeCore
import TidemillRig
import TidemillSeams
import TidemillWire

/// Heartbeats of many agents from one process, until it is ended. Every agent has a key, a certificate and connections of
/// its own; certificates are issued here, with the authority of the controller's data folder.
struct HeartbeatLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heartbeat-load", abstract: "Be many agents that only renew their leases.", shouldDisplay: false)

    @Option(help: "The controller's data folder.") var data: String
    @Option(help: "How many agents.") var agents: Int
    @Option(help: "Seconds between two lines of figures.") var window: Int64 = 10
    @Option(help: "Handshakes under way at once.") var handshakes = 16
    @Flag(help: "Hold the two watches and the tunnel of a real agent as well.") var whole = false
    @Flag(help: "Read the two watches, and do what the node's slices ask for.") var working = false

    func run() async throws {
        let address = try String(contentsOfFile: "\(data)/address", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ":")
        guard address.count == 2, let port = Int(address[1]) else { throw RigError("no address in \(data)") }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let tally = try await loop.submit { NIOLoopBound(BeatTally(), eventLoop: loop) }.get()
        let dialler = Dialler(
            host: String(address[0]), port: port, loop: loop, tally: tally,
            authority: try CertificateAuthority.open(folder: data, time: SystemTime()),
            duty: working ? .slices : whole ? .streams : .heartbeats)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await report(tally, loop) }
            tasks.addTask { try await dialler.dial(agents, atOnce: handshakes) }
            try await tasks.waitForAll()
        }
    }

    /// Prints a line of figures for every window.
    private func report(_ tally: NIOLoopBound<BeatTally>, _ loop: any EventLoop) async throws {
        var start = Kernel.bootNanoseconds()
        while true {
            let due = start + window * 1_000_000_000
            try await Task.sleep(for: .nanoseconds(due - Kernel.bootNanoseconds()))
            let began = start
            let end = Kernel.bootNanoseconds()
            let figures = try await loop.submit { tally.value.take(from: began, until: end) }.get()
            start = end
            FileHandle.standardOutput.write(try JSONEncoder().encode(figures) + Data("\n".utf8))
        }
    }
}

/// Opens the connections of simulated agents.
struct Dialler: Sendable {
    var host: String
    var port: Int
    var loop: any EventLoop
    var tally: NIOLoopBound<BeatTally>
    var authority: CertificateAuthority
    var duty: Duty

    /// What the agents do.
    enum Duty: Sendable {
        case heartbeats
        /// Also hold their watches and tunnels, and read nothing.
        case streams
        /// Also read their watches, and do what slices ask for; without a tunnel, since files are bounded.
        case slices
    }

    /// Connects agents 0 to `agents`, `atOnce` at a time.
    func dial(_ agents: Int, atOnce: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<agents {
                if number >= atOnce { try await group.next() }
                group.addTask { try await connect(number) }
            }
            try await group.waitForAll()
        }
    }

    private func connect(_ number: Int) async throws {
        let node = SimulatedNode(number: number)
        let issued = try authority.issueNode(node.id, time: SystemTime())
        let context = try NIOSSLContext(
            configuration: .ofClient(
                Credentials(
                    authorityPEM: authority.certificatePEM, certificatePEM: issued.certificatePEM,
                    keyPEM: issued.keyPEM)))
        let (host, tally) = (host, tally)
        try await open(context) {
            Beater(core: node.heartbeats, host: host, tally: tally.value, seed: UInt64(number))
        }
        switch duty {
        case .heartbeats: break
        case .streams:
            for path in [node.slicesPath, node.jobsPath, "/agent/v1/tunnel"] {
                try await open(context) { IdleStream(path: path, host: host, tally: tally.value) }
            }
        case .slices: try await work(node, context)
        }
    }

    /// Opens the watches of an agent that does something.
    private func work(_ node: SimulatedNode, _ context: NIOSSLContext) async throws {
        let (host, port, loop, tally) = (host, port, loop, tally)
        let agent = try await loop.submit {
            let pipe = RequestPipe(host: host, port: port, tls: context, loop: loop)
            return NIOLoopBound(
                SimulatedAgent(node: node, host: host, pipe: pipe, tally: tally.value), eventLoop: loop)
        }.get()
        try await open(context, isHTTP: true) {
            EventStream(path: node.slicesPath, host: host) { notice in
                tally.value.note(notice) { agent.value.take(slice: $0, isGone: $1) }
            }
        }
        try await open(context, isHTTP: true) {
            EventStream(path: node.jobsPath, host: host) { notice in
                tally.value.note(notice) { agent.value.take(job: $0, isGone: $1) }
            }
        }
    }

    private func open<Handler: ChannelInboundHandler>(
        _ context: NIOSSLContext, isHTTP: Bool = false, _ handler: @escaping @Sendable () -> Handler
    ) async throws {
        let bootstrap = ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        NIOSSLClientHandler(context: context, serverHostname: nil))
                    if isHTTP { try channel.pipeline.syncOperations.addHTTPClientHandlers() }
                    try channel.pipeline.syncOperations.addHandler(handler())
                }
            }
        // A machine that is busy refuses or forgets some of so many at once; a real agent would come again, too.
        for attempt in 1...Self.attempts {
            do {
                _ = try await bootstrap.connect(host: host, port: port).get()
                return
            } catch  where attempt < Self.attempts {
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private static let attempts = 10
}

extension TLSConfiguration {
    /// As our client dials: with its own certificate, and only our authority trusted.
    static func ofClient(_ credentials: Credentials) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(Array(credentials.authorityPEM.utf8)))
        configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(credentials.certificatePEM.utf8))
            .map { .certificate($0) }
        configuration.privateKey = .privateKey(
            try NIOSSLPrivateKey(bytes: Array(credentials.keyPEM.utf8), format: .pem))
        configuration.certificateVerification = .noHostnameVerification
        return configuration
    }
}
