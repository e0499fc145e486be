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
    /// How soon other devices are noticed.
    private static let attention: Duration = .seconds(1)

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
            let generation = await devices.generation
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
            await pause(wait, since: generation)
        }
    }

    /// Until the time is over or the machine has other devices; cancelled while waiting, the loop's own condition ends it.
    private func pause(_ wait: Duration, since generation: Int) async {
        var left = wait
        while left > .zero, !Task.isCancelled, await devices.generation == generation {
            // Ends early only with the task.
            try? await sleep(min(left, Self.attention))
            left -= Self.attention
        }
    }

    /// One comparison, and what it takes. What one object is refused does not hold up the others.
    private func register() async throws(ClientError) {
        let name = self.report.facts.node.rawValue
        let (report, roster, known) = try await look()
        let node = try await found(name) { Kinds.Node(metadata: ObjectMeta(name: name), spec: Kinds.NodeSpec()) }
        try await write(node, report.node(node, at: time.wall()))
        let owner = OwnerReference(
            apiVersion: Kinds.Node.info.apiVersion, kind: Kinds.Node.info.kind, name: name, uid: node.metadata.uid)
        var failure: ClientError?
        for part in report.cpuDevices {
            await attempt(&failure, part.id.rawValue, owner) { report.device(part, $0, at: $1) }
        }
        await devices.registered(roster.names)
        for entry in roster.entries {
            await attempt(&failure, entry.name, owner) { report.accelerator(entry, names: roster.names, $0, at: $1) }
        }
        for device in known where roster.missing.contains(device.metadata.name) {
            await attempt(&failure, device.metadata.name, owner) { report.missing($0, at: $1) }
        }
        if let failure { throw failure }
    }

    /// The latest findings, and what the API has of them: accelerators keep the names that it has for them. What changes with
    /// every look is left out.
    private func look() async throws(ClientError) -> (NodeReport, DeviceRoster, [Kinds.Device]) {
        let node = report.facts.node.rawValue
        guard let inventory = await devices.findings?.inventory.facts else {
            return (report, DeviceRoster(node: node, found: []), [])
        }
        let known = try await client.list(Kinds.Device.self, selection: Selection(fields: "status.node=\(node)"))
            .objects.filter { $0.status.vendor != "cpu" }
        let roster = DeviceRoster(node: node, found: inventory.devices, known: known.compactMap(KnownDevice.init))
        var report = NodeReport(report.facts, inventory: inventory)
        report.missingDevices = roster.missing.count
        return (report, roster, known)
    }

    /// Makes the Device when it is not there, and writes what differs; the first failure is kept.
    private func attempt(
        _ failure: inout ClientError?, _ name: String, _ owner: OwnerReference,
        _ next: (Kinds.Device, WallTime) -> Kinds.Device
    ) async {
        do throws(ClientError) {
            let device = try await found(name) {
                Kinds.Device(metadata: ObjectMeta(name: name, ownerReferences: [owner]), spec: Kinds.DeviceSpec())
            }
            try await write(device, next(device, time.wall()))
        } catch {
            if failure == nil { failure = error }
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
        // One that went is in no slot any more.
        let isMissing = device.status.conditions.contains { $0.reason == NodeReport.missingReason }
        self.init(
            name: device.metadata.name, vendor: vendor, identity: identity,
            address: isMissing ? nil : device.status.pci.flatMap { PCIAddress(parsing: $0.address) })
    }
}
