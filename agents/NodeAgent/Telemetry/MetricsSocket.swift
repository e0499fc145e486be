import ServiceLifecycle
import TidemillHostLinux
import TidemillNodeCore
import TidemillSQLite
import TidemillSeams

/// Serves the agent's metrics on a unix socket in its run folder: the agent opens no port.
///
/// `curl --unix-socket RUN/metrics.sock http://node/metrics` reads them.
package actor MetricsSocket: Service {
    private let executor = BlockingExecutor(label: "tidemill.metrics")
    nonisolated package var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let listener: UnixListener
    private let slices: SliceKeeper
    private let leases: LeaseKeeper
    private let report: NodeReport
    private let devices: DeviceKeeper
    private let driver: any CgroupDriver
    private let procRoot: String
    private let time: any TimeSource

    package init(
        path: String, slices: SliceKeeper, leases: LeaseKeeper, report: NodeReport, devices: DeviceKeeper,
        driver: any CgroupDriver,
        procRoot: String, time: any TimeSource
    ) throws(HostError) {
        listener = try UnixListener(path: path)
        self.slices = slices
        self.leases = leases
        self.report = report
        self.devices = devices
        self.driver = driver
        self.procRoot = procRoot
        self.time = time
    }

    package func run() async throws {
        for await _ in listener.arrivals().cancelOnGracefulShutdown() {
            let text = await text()
            let head =
                "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: \(text.utf8.count)\r\n\r\n"
            while listener.serve({ _ in Array((head + text).utf8) }) {}
        }
    }

    private func text() async -> String {
        let last = await leases.lastRenewal
        let held = await slices.held
        return MetricsText.render(
            .init(
                node: report.facts.node, agentVersion: report.facts.agentVersion, held: held,
                usage: held.compactMap(usage), pressure: Pressure.ofMachine(procRoot: procRoot),
                devices: report.cpuDevices, accelerators: await devices.figures(of: report.facts.node),
                renewals: await leases.renewals,
                sinceRenewal: last.map { time.now().since($0) }, appliedRevision: await slices.appliedRevision))
    }

    /// What a slice uses now; nil when it has no groups, or none any more.
    private func usage(of slice: HeldSlice) -> SliceUsage? {
        if case .released = slice.phase { return nil }
        let group = SliceGroup(sliceUID: slice.uid, epoch: slice.grant.epoch)
        // Its groups may go while they are read.
        let cpu = try? driver.cpuNanoseconds(group)
        let memory = try? driver.memoryBytes(group)
        let pressure = driver.pressure(group)
        if cpu == nil, memory == nil, pressure.isEmpty { return nil }
        return SliceUsage(slice: slice, cpuNanoseconds: cpu, memoryBytes: memory, pressure: pressure)
    }
}
