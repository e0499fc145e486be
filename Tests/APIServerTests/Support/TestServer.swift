import AsyncHTTPClient
import Logging
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle
import TidemillAPIServer
import TidemillDaemon
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// A real server on loopback over a store in memory, with certificates of its own.
struct TestServer: Sendable {
    let address: APIServer.Address
    let resources: Resources
    let store: MemoryStore
    let certificates: CertificateFolder
    let server: APIServer
    /// The operator's client.
    let admin: TestClient
    let time = SystemTime()

    /// Asks the server to end, as SIGTERM does.
    let stop: @Sendable () async -> Void
    fileprivate let shelf: ClientShelf

    /// A client with a certificate of the server's own authority.
    func client(_ user: String, groups: [String] = []) async throws -> TestClient {
        let issued = try certificates.authority.issueClient(commonName: user, organizations: groups, time: time)
        return try await client(with: issued)
    }

    /// A client that trusts the server and shows `identity`, or nothing.
    func client(with identity: IssuedCertificate?) async throws -> TestClient {
        let client = try TestClient(address, authorityPEM: certificates.authority.certificatePEM, identity: identity)
        await shelf.add(client)
        return client
    }

    /// The client of a node's agent.
    func agent(_ node: String) async throws -> TestClient {
        try await client(Peer.nodePrefix + node, groups: [Peer.nodesGroup])
    }
}

/// The clients of one test, shut down when it ends.
private actor ClientShelf {
    private var clients: [TestClient] = []

    func add(_ client: TestClient) {
        clients.append(client)
    }

    func clear() async {
        // A client with a request under way says so when it is shut down; here that is meant.
        for client in clients { try? await client.shutdown() }
    }
}

/// Accepts every heartbeat.
struct AcceptingHeartbeats: HeartbeatHandler, InventoryHandler {
    func heartbeat(_ heartbeat: Heartbeat) async -> HeartbeatReply {
        HeartbeatReply(
            accepted: true, intervalMilliseconds: 2000, incarnation: IncarnationID("memory"),
            startID: StartID("memory"),
            revision: heartbeat.appliedRevision)
    }

    /// Stops everything that is held.
    func inventory(_ inventory: Inventory) async -> InventoryReply {
        InventoryReply(
            incarnation: IncarnationID("memory"),
            stop: inventory.held.map { .init(uid: $0.uid, epoch: Epoch($0.grant.epoch), reason: "Test") },
            isSettled: inventory.held.isEmpty)
    }
}

/// Starts a server, hands it to `body`, and stops it.
func withServer(
    limits: ServerLimits = ServerLimits(), retention: Retention = Retention(), leases: (any NodeLeaseSource)? = nil,
    placement: (any PlacementHandler)? = nil, sleep: @escaping Sleep = systemSleep,
    _ body: @escaping @Sendable (TestServer) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let time = SystemTime()
    let certificates = try CertificateFolder(path: folder.path, time: time)
    let store = MemoryStore(retention: retention)
    let resources = Resources(store: store, time: time, randomness: SystemRandomness())
    try await resources.bootstrap()
    let (addresses, report) = AsyncStream<APIServer.Address>.makeStream()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try APIServer(
        configuration: .init(limits: limits), tls: TLSMaterial(certificates), resources: resources,
        heartbeats: AcceptingHeartbeats(), inventories: AcceptingHeartbeats(), leases: leases,
        placement: placement, metrics: PrometheusMetrics(), time: time,
        randomness: SystemRandomness(), sleep: sleep, logger: logger, onListening: { report.yield($0) })
    let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        var iterator = addresses.makeAsyncIterator()
        guard let address = await iterator.next() else { return }
        let admin = try TestClient(
            address, authorityPEM: certificates.authority.certificatePEM, identity: certificates.admin)
        let shelf = ClientShelf()
        await shelf.add(admin)
        let outcome: Result<Void, any Error>
        do {
            try await body(
                TestServer(
                    address: address, resources: resources, store: store, certificates: certificates, server: server,
                    admin: admin, stop: { await group.triggerGracefulShutdown() }, shelf: shelf))
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await shelf.clear()
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        try outcome.get()
    }
}
