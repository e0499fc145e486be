import CoreMetrics
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import TidemillDaemon
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// The HTTPS server of the controller: the Kubernetes conventions over `Resources`, and the agents' three connections.
///
/// Every connection needs a client certificate of the trusted authorities. `run()` returns after a graceful shutdown.
package struct APIServer: Service {
    /// Where the server listens and what it takes.
    package struct Configuration: Sendable {
        package var host: String
        /// 0 lets the kernel choose.
        package var port: Int
        package var limits: ServerLimits
        /// Tidemill's own version, shown in `/version`.
        package var programVersion: String

        package init(
            host: String = "127.0.0.1", port: Int = 0, limits: ServerLimits = ServerLimits(),
            programVersion: String = "0.1.0"
        ) {
            self.host = host
            self.port = port
            self.limits = limits
            self.programVersion = programVersion
        }
    }

    /// Where a started server listens.
    package struct Address: Hashable, Sendable {
        package var host: String
        package var port: Int

        /// Such as `https://127.0.0.1:8443`.
        package var url: String { host.contains(":") ? "https://[\(host)]:\(port)" : "https://\(host):\(port)" }
    }

    /// The open connections; close those of a certificate that is no longer trusted.
    package let connections = ConnectionRegistry()
    /// Replace its context to rotate certificates.
    package let tls: TLSContextHolder
    package let tunnels: TunnelHub
    private let configuration: Configuration
    private let responder: Responder
    private let logger: Logger
    private let onListening: @Sendable (Address) async -> Void

    /// - Parameters:
    ///   - leases: gives the Leases of nodes; without it their namespace is an ordinary one.
    ///   - placement: answers questions about placement; without it nobody does.
    ///   - metrics: what `/metrics` shows.
    ///   - onListening: called once, when connections are accepted.
    package init(
        configuration: Configuration, tls: TLSMaterial, resources: Resources, heartbeats: any HeartbeatHandler,
        inventories: any InventoryHandler, leases: (any NodeLeaseSource)? = nil,
        placement: (any PlacementHandler)? = nil, metrics: PrometheusMetrics? = nil,
        time: any TimeSource,
        randomness: any Randomness, sleep: @escaping Sleep, logger: Logger,
        kinds: [KindInfo] = Kinds.all + KindView.all.map(\.info),
        onListening: @escaping @Sendable (Address) async -> Void = { _ in }
    ) throws {
        let table = KindTable(kinds)
        let limits = configuration.limits
        let authorization = Authorization(resources: resources)
        let tunnels = TunnelHub(randomness: randomness, limits: limits)
        self.configuration = configuration
        self.tls = try TLSContextHolder(tls)
        self.tunnels = tunnels
        self.logger = logger
        self.onListening = onListening
        responder = Responder(
            kinds: table, discovery: Discovery(table, programVersion: configuration.programVersion),
            objects: ObjectRoutes(resources: resources, authorization: authorization, time: time),
            lists: ListRoute(resources: resources, authorization: authorization, time: time),
            watches: WatchRoute(
                resources: resources, authorization: authorization, budget: WatchBudget(limit: limits.watchesPerUser),
                limits: limits, time: time, sleep: sleep),
            reviews: ReviewRoute(authorization: authorization),
            agents: AgentRoutes(hub: tunnels, heartbeats: heartbeats, inventories: inventories, sleep: sleep),
            backups: BackupRoute(store: resources.store, sleep: sleep),
            placement: PlacementRoute(resources: resources, authorization: authorization, handler: placement),
            leases: leases, metrics: metrics,
            requests: RequestMetrics(factory: metrics), limits: limits, time: time, logger: logger)
    }

    package func run() async throws {
        let (limits, responder, onListening, logger) = (configuration.limits, responder, onListening, logger)
        let refusal = Status(.badRequest("the request is not HTTP that this server understands")).json.bytes
        let channel = ServerChannel(
            tls: tls, limits: limits, registry: connections, refusal: ByteBuffer(bytes: refusal), logger: logger
        ) { request, writer, channel in
            try await responder.respond(request, writer, channel)
        }
        let host = configuration.host
        // hummingbird's own lines repeat ours.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let server = Server(
            childChannelSetup: channel,
            configuration: ServerConfiguration(
                address: .hostname(host, port: configuration.port), backlog: 1024,
                availableConnectionsDelegate: .maximum(limits.connections, logger: logger)),
            onServerRunning: { channel in
                let address = Address(host: host, port: channel.localAddress?.port ?? 0)
                logger.info("listening", metadata: ["address": "\(address.url)"])
                await onListening(address)
            },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quiet)
        try await server.run()
    }
}
