import Logging
import ServiceLifecycle
import TidemillClient
import TidemillDevices
import TidemillModel
import TidemillSeams
import TidemillWire

/// Keeps the Node and its Devices in the API as the machine is: makes what is missing, writes statuses that differ. The next
/// tick is the retry.
package actor NodeRegistrar: Service {
    private let client: APIClient
    private let report: NodeReport
    private let devices: DeviceKeeper
    private let slices: SliceKeeper
    private let time: any TimeSource
    private let randomness: any Randomness
    private let sleep: Sleep
    private let logger: Logger

    /// How often a registered node is compared again.
    static let period: Duration = .seconds(60)

    package init(
        client: APIClient, report: NodeReport, devices: DeviceKeeper, slices: SliceKeeper, time: any TimeSource,
        randomness: any Randomness,
        sleep: @escaping Sleep, logger: Logger
    ) {
        self.client = client
        self.report = report
        self.devices = devices
        self.slices = slices
        self.time = time
        self.randomness = randomness
        self.sleep = sleep
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.keep() }
    }

    private func keep() async {
        var backoff = Backoff(first: .milliseconds(200), most: .seconds(10))
        while !Task.isCancelled {
            // A machine that the controller refuses must not describe itself as the node of that name.
            guard await slices.isAdmitted else {
                // Cancelled while waiting: the loop's own condition ends it.
                try? await sleep(.milliseconds(50))
                continue
            }
            var wait = Self.period
            do throws(ClientError) {
                try await register()
                backoff.reset()
            } catch {
                if error == .cancelled { return }
                wait = backoff.next(randomness.next())
                if !error.isConflict {
                    logger.warning("the node is not registered yet", metadata: ["error": "\(error)"])
                }
            }
            await pause(wait)
        }
    }

    /// Until the time is over or the machine has other devices; cancelled while waiting, the loop's own condition ends it.
    private func pause(_ wait: Duration) async {
        let (sleep, devices) = (sleep, devices)
        await withTaskGroup(of: Void.self) { group in
            // Ends early only with the group.
            group.addTask { try? await sleep(wait) }
            group.addTask { await devices.change() }
            await group.next()
            group.cancelAll()
        }
    }

    /// One comparison, and what it takes.
    private func register() async throws(ClientError) {
        let name = report.facts.node.rawValue
        let findings = await devices.findings
        let report = findings.map { NodeReport(self.report.facts, inventory: $0.inventory) } ?? report
        let node = try await found(name) { Kinds.Node(metadata: ObjectMeta(name: name), spec: Kinds.NodeSpec()) }
        try await write(node, report.node(node, at: time.wall()))
        let owner = OwnerReference(
            apiVersion: Kinds.Node.info.apiVersion, kind: Kinds.Node.info.kind, name: name, uid: node.metadata.uid)
        for part in report.cpuDevices {
            let device = try await found(part.id.rawValue) {
                Kinds.Device(
                    metadata: ObjectMeta(name: part.id.rawValue, ownerReferences: [owner]), spec: Kinds.DeviceSpec())
            }
            try await write(device, report.device(part, device, at: time.wall()))
        }
        if findings != nil { try await registerAccelerators(report, owner) }
    }

    /// Accelerators keep the names that the API has for them.
    private func registerAccelerators(_ report: NodeReport, _ owner: OwnerReference) async throws(ClientError) {
        let node = report.facts.node.rawValue
        let known = try await client.list(Kinds.Device.self, selection: Selection(fields: "status.node=\(node)"))
            .objects.filter { $0.status.vendor != "cpu" }
        let roster = DeviceRoster(
            node: node, found: report.inventory.devices, known: known.compactMap(KnownDevice.init))
        await devices.registered(roster.names)
        for entry in roster.entries {
            let device = try await found(entry.name) {
                Kinds.Device(
                    metadata: ObjectMeta(name: entry.name, ownerReferences: [owner]), spec: Kinds.DeviceSpec())
            }
            try await write(device, report.accelerator(entry, names: roster.names, device, at: time.wall()))
        }
        for device in known where roster.missing.contains(device.metadata.name) {
            try await write(device, report.missing(device, at: time.wall()))
        }
    }

    /// The object of that name, made when it is missing.
    private func found<K: WireObject>(_ name: String, _ fresh: () -> K) async throws(ClientError) -> K {
        do throws(ClientError) {
            return try await client.get(K.self, name: name)
        } catch {
            guard error.isNotFound else { throw error }
            logger.info("registered", metadata: ["kind": "\(K.info.kind)", "name": "\(name)"])
            return try await client.create(fresh())
        }
    }

    private func write<K: WireObject>(_ current: K, _ next: K) async throws(ClientError) {
        guard let changes = MergePatch.diff(from: current.json, to: next.json)["status"] else { return }
        var metadata: JSON = [:]
        if let revision = current.metadata.resourceVersion { metadata["resourceVersion"] = .string(revision) }
        _ = try await client.mergePatch(
            K.self, name: current.metadata.name, patch: ["metadata": metadata, "status": changes], subresource: .status)
    }
}

extension KnownDevice {
    /// Nil for an object that was made and never described.
    init?(_ device: Kinds.Device) {
        guard let vendor = device.status.vendor, let identity = device.status.uuid else { return nil }
        self.init(
            name: device.metadata.name, vendor: vendor, identity: identity,
            address: device.status.pci.flatMap { PCIAddress(parsing: $0.address) })
    }
}
