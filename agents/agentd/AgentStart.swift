import Foundation
import Logging
import ServiceLifecycle
import TidemillClient
import TidemillDaemon
import TidemillDevices
import TidemillHostLinux
import TidemillLease
import TidemillNodeAgent
import TidemillNodeCore
import TidemillSeams

/// Builds the agent bottom-up from its configuration and runs it.
struct AgentStart {
    let configuration: AgentConfiguration
    let logger: Logger

    func run() async throws {
        let configuration = configuration
        let time = SystemTime()
        let randomness = SystemRandomness()

        // The machine.
        try HostFile.makeFolder(configuration.stateFolder, mode: 0o700)
        try HostFile.makeFolder(configuration.runFolder, mode: 0o700)
        let lock = try HostFile.lock(
            configuration.stateFolder + "/lock",
            otherwise: "another agent runs with the state folder \(configuration.stateFolder)")
        defer { withExtendedLifetime(lock) {} }
        let bootID = try HostFacts.bootID(path: configuration.bootIDPath)
        let driver = try CgroupHierarchy.detect(procRoot: configuration.procRoot).driver(root: configuration.cgroupRoot)
        let report = NodeReport(try facts(bootID: bootID, unenforced: driver.unenforced, randomness: randomness))
        let broken = Self.broken
        var abilities = HostAbilities.find(
            driver: driver, devices: report.cpuDevices, stateFolder: configuration.stateFolder,
            sysfsRoot: configuration.sysfsRoot, ioMaxBytesPerSecond: configuration.ioMaxBytesPerSecond, broken: broken,
            // Others contain as far as they are let, and say so; of what is broken on purpose a test looks at the effect.
            canProbe: geteuid() == 0 && !broken.isFence && broken.omitted.isEmpty)
        do throws(HostError) {
            // Also what is charged to no slice that is there any more.
            try driver.tree?.limitMemory(to: report.cpuDevices.map(\.allocatable.memoryBytes).reduce(0, +))
        } catch {
            abilities.unenforced.append("All slices together are not kept from the node's own memory: \(error).")
        }
        // A copied state folder has a lock of its own, and the same identity.
        let identityLock = try IdentityLock(machineID: report.facts.machineID)
        defer { withExtendedLifetime(identityLock) {} }
        let pagePath = configuration.runFolder + "/lease-page"
        let page = try LeasePageFile(
            path: pagePath, fileSize: LeasePage.fileSize, sequenceOffset: LeasePage.sequenceOffset)
        // A page of another boot, or none yet, knows no renewal.
        let renewal = try? LeasePage.decode(page.snapshot(count: LeasePage.size))

        // What was before.
        let identity = NodeIdentity(
            node: configuration.node, bootID: bootID, machineID: report.facts.machineID, agentStart: randomness.uuid())
        let journal = SliceJournal(path: configuration.stateFolder + "/journal.sqlite")
        let contents = try await journal.load()
        do {
            try await journal.save(contents.heartbeats.beginning(identity.agentStart))
        } catch {
            // What runs needs its lease more than this process needs a successor that is believed at once.
            logger.error("the journal cannot be written", metadata: ["error": "\(error)"])
        }

        // Connections: heartbeats alone, watches and writes, the tunnel.
        let endpoint = try configuration.endpoint()
        let agent = "tidemill-agent/\(agentVersion)"
        let heartbeats = try APIClient(endpoint: endpoint, userAgent: agent, connections: 2)
        let client = try APIClient(endpoint: endpoint, userAgent: agent, connections: 16)
        let tunnel = try APIClient(endpoint: endpoint, userAgent: agent, connections: 100)

        // Slices.
        let launcher = ShimLauncher(program: configuration.shim, procRoot: configuration.procRoot)
        var settings = LinuxSliceHost.Settings(
            stateFolder: configuration.stateFolder, pagePath: pagePath, procRoot: configuration.procRoot,
            bootID: bootID, grade: report.facts.grade, logMaxBytes: configuration.logMaxBytes,
            logFiles: configuration.logFiles, logTenantMaxBytes: configuration.logTenantMaxBytes, broken: broken)
        settings.confinement = ConfinementSettings(
            isRoot: geteuid() == 0, hiddenFolders: configuration.hiddenFolders,
            sharedFolders: configuration.sharedFolders)
        let host = LinuxSliceHost(
            settings: settings, driver: driver, launcher: launcher, sleep: systemSleep, logger: logger)
        let writer = ReportWriter(
            client: client,
            patches: StatusPatch(
                node: configuration.node, grade: report.facts.grade, unenforced: report.facts.unenforced),
            time: time, randomness: randomness, sleep: systemSleep, logger: logger)
        let slices = SliceKeeper(
            core: SliceCore(
                bootID: bootID, devices: report.capacities, abilities: abilities, memory: contents.memory,
                lastRenewal: renewal?.boot == bootID ? renewal?.sentAt : nil),
            identity: identity, journal: journal, contents: contents, host: host, writer: writer, time: time,
            sleep: systemSleep, logger: logger)

        // Services; the lease first, so that it ends last.
        let leases = LeaseKeeper(
            core: HeartbeatCore(identity: identity, memory: contents.heartbeats), page: page, client: heartbeats,
            slices: slices, journal: journal, time: time, randomness: randomness, sleep: systemSleep, logger: logger)
        let devices = DeviceKeeper(
            finder: DeviceFinder(
                roots: HostRoots(
                    sysfs: configuration.sysfsRoot, proc: configuration.procRoot, dev: configuration.devRoot),
                catalogue: catalogue(),
                makeProbe: { LibraryProbe($0, sleep: systemSleep) }),
            sleep: systemSleep, logger: logger)
        let registrar = NodeRegistrar(
            client: client, report: report, devices: devices, slices: slices, time: time, randomness: randomness,
            sleep: systemSleep,
            logger: logger)
        let watch = SliceWatch(
            node: configuration.node, client: client, keeper: slices, randomness: randomness, sleep: systemSleep)
        let sessions = ExecSessions(
            stateFolder: configuration.stateFolder, boot: bootID, launcher: launcher, slices: slices,
            randomness: randomness, sleep: systemSleep, logger: logger)
        let channel = AgentTunnel(
            client: tunnel, slices: slices,
            logs: LogSource(stateFolder: configuration.stateFolder, logFiles: configuration.logFiles),
            sessions: sessions, time: time, randomness: randomness, sleep: systemSleep, logger: logger)
        let metrics = try MetricsSocket(
            path: configuration.runFolder + "/metrics.sock", slices: slices, leases: leases, report: report,
            devices: devices, driver: driver, procRoot: configuration.procRoot, time: time)

        let result: Result<Void, any Error>
        do {
            try await TidemillDaemon.run(
                services: [leases, slices, devices, registrar, watch, channel, metrics], logger: logger)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await withDiscardingTaskGroup { group in
            for connections in [heartbeats, client, tunnel] { group.addTask { await connections.shutdown() } }
        }
        try result.get()
    }

    /// A catalogue that cannot be read costs names and figures, never the leases of what runs.
    private func catalogue() -> DeviceCatalogue {
        do {
            return try configuration.catalogue()
        } catch {
            logger.error(
                "the catalogue of models cannot be read",
                metadata: ["file": "\(configuration.models ?? "")", "error": "\(error)"])
            return .builtIn
        }
    }

    /// What a test wants broken. Nothing in a release build.
    private static var broken: Broken {
        #if DEBUG
        return Broken(ProcessInfo.processInfo.environment["TIDEMILL_BREAK"] ?? "")
        #else
        return .nothing
        #endif
    }

    private func facts(
        bootID: BootID, unenforced: [String], randomness: any Randomness
    ) throws(HostError) -> MachineFacts {
        let identity = try MachineIdentity(
            stateFolder: configuration.stateFolder, sysfsRoot: configuration.sysfsRoot,
            procRoot: configuration.procRoot, randomness: randomness)
        let domains = try NUMAProbe(sysfsRoot: configuration.sysfsRoot, procRoot: configuration.procRoot).domains()
        return MachineFacts(
            node: configuration.node, bootID: bootID, machineID: identity.machineID,
            kernelVersion: HostFacts.kernelVersion(), agentVersion: agentVersion,
            cpuModel: CPUModel.read(procRoot: configuration.procRoot),
            domains: domains, details: CPUDetails.all(of: domains, sysfsRoot: configuration.sysfsRoot),
            unenforced: unenforced)
    }
}
