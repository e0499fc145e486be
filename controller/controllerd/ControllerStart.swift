import Foundation
import Logging
import ServiceLifecycle
import TidemillAPIServer
import TidemillDaemon
import TidemillModel
import TidemillReconcilers
import TidemillSQLiteStore
import TidemillScheduler
import TidemillSeams
import TidemillStore
import TidemillWire

/// Builds the controller bottom-up from its configuration and runs it.
struct ControllerStart {
    let configuration: ControllerConfiguration
    let logger: Logger

    func run() async throws {
        let time = SystemTime()
        let randomness = SystemRandomness()
        let data = configuration.data

        // What lasts.
        try PrivateFile.makeFolder(data)
        let store = try await SQLiteStore.open(folder: data, time: time, randomness: randomness)
        let certificates = try CertificateFolder(path: data, names: configuration.names, time: time)
        let metrics = PrometheusMetrics()
        let resources = Resources(
            store: MeteredStore(store, factory: metrics), time: time, randomness: randomness)
        try await resources.bootstrap()
        let mirror = ObjectMirror(resources)
        let joined = try await mirror.all(Kinds.Node.self).objects.map { NodeID($0.metadata.name) }
        let roster = try await RosterFile.open(folder: data, identity: store.identity, ifMissing: Set(joined))

        // What decides. A node that renews and a share that comes free wake the scheduler, which may have waited for them.
        let grantable = Bell()
        let lifecycle = NodeLifecycle(
            mirror: mirror, joins: roster, sleep: systemSleep, logger: label("node-lifecycle"),
            agreed: grantable)
        let restore = RestoreReconciler(
            mirror: mirror, sleep: systemSleep, logger: label("restore-reconciler"), settled: grantable)
        let gateway = NodeGateway(fleet: Fleet(lifecycle: lifecycle, restore: restore), time: time)
        let scheduler = Scheduler(
            mirror: mirror, authority: gateway, settings: configuration.placement, sleep: systemSleep,
            logger: label("scheduler"), bell: grantable)

        // What serves.
        OpenFiles.raiseLimit()
        let server = try APIServer(
            configuration: .init(
                host: configuration.host, port: configuration.port, limits: configuration.limits,
                programVersion: controllerVersion),
            tls: TLSMaterial(certificates), resources: resources, heartbeats: gateway, inventories: gateway,
            leases: gateway, placement: PlacementGateway(scheduler: scheduler),
            metrics: metrics, time: time, randomness: randomness, sleep: systemSleep, logger: label("api")
        ) { address in
            announce(address, certificates)
        }
        let services: [any Service] = [
            lifecycle, restore, scheduler,
            JobReconciler(mirror: mirror, sleep: systemSleep, logger: label("job-reconciler")),
            EvictionReconciler(
                mirror: mirror, permission: { await gateway.permission() }, sleep: systemSleep,
                logger: label("eviction-reconciler")),
            AllocationReconciler(
                mirror: mirror, sleep: systemSleep, logger: label("allocation-reconciler"), freed: grantable),
            DeviceClassReconciler(mirror: mirror, sleep: systemSleep, logger: label("device-class-reconciler")),
            GarbageCollector(mirror: mirror, sleep: systemSleep, logger: label("garbage-collector")),
            server,
        ]
        try await TidemillDaemon.run(services: services, logger: logger)
        await store.close()
    }

    /// Leaves the kubeconfig and then the chosen address in the data folder, where those who wait for the start look.
    private func announce(_ address: APIServer.Address, _ certificates: CertificateFolder) {
        do {
            try certificates.writeKubeconfig(server: address.url)
            let text = address.url.dropFirst("https://".count) + "\n"
            try PrivateFile.write(Array(text.utf8), to: configuration.data + "/address")
        } catch {
            logger.critical("the address cannot be announced", metadata: ["error": "\(error)"])
        }
    }

    private func label(_ part: String) -> Logger {
        var logger = logger
        logger[metadataKey: "part"] = "\(part)"
        return logger
    }
}
