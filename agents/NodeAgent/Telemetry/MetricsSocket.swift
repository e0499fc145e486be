import ServiceLifecycle
import TidemillHostLinux
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
    private let time: any TimeSource

    package init(
        path: String, slices: SliceKeeper, leases: LeaseKeeper, report: NodeReport, time: any TimeSource
    ) throws(HostError) {
        listener = try UnixListener(path: path)
        self.slices = slices
        self.leases = leases
        self.report = report
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
        return MetricsText.render(
            .init(
                node: report.facts.node, agentVersion: report.facts.agentVersion, held: await slices.held,
                devices: report.cpuDevices, renewals: await leases.renewals,
                sinceRenewal: last.map { time.now().since($0) }, appliedRevision: await slices.appliedRevision))
    }
}
