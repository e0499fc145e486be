import Logging
import ServiceLifecycle
import TidemillDevices
import TidemillHostLinux
import TidemillModel
import TidemillSeams

/// Looks at the machine's accelerators again and again, and keeps the latest findings: in memory alone. What is new of them is
/// told to whoever registers devices.
package actor DeviceKeeper: Service {
    private let finder: DeviceFinder
    private let sleep: Sleep
    private let logger: Logger
    /// Counts looks that found something other than figures changed.
    package private(set) var generation = 0
    /// Nil until the first look.
    package private(set) var findings: DeviceFindings?
    /// Names under which devices are registered, by address.
    private var names: [PCIAddress: String] = [:]
    /// What was said in the log, so that it is said once.
    private var said: Set<String> = []

    /// How often telemetry is read, and the bus looked at.
    package static let period: Duration = .seconds(10)

    package init(finder: DeviceFinder, sleep: @escaping Sleep, logger: Logger) {
        self.finder = finder
        self.sleep = sleep
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.keep() }
        await finder.end()
    }

    private func keep() async {
        while !Task.isCancelled {
            await look()
            // Cancelled while waiting: the loop's own condition ends it.
            try? await sleep(Self.period)
        }
    }

    /// One look at everything.
    package func look() async {
        do throws(HostError) {
            let next = try await finder.find()
            let isNews = next.inventory.facts != findings?.inventory.facts
            findings = next
            log(next)
            if isNews { generation += 1 }
        } catch {
            logger.warning("the PCI bus cannot be read", metadata: ["error": "\(error)"])
        }
    }

    /// Devices are registered under these names.
    package func registered(_ names: [PCIAddress: String]) { self.names = names }

    /// The latest figures of every device, under the name that it is registered by, or would be.
    package func figures(of node: NodeID) -> [DeviceFigures] {
        let found = findings?.inventory.devices ?? []
        return DeviceRoster(node: node.rawValue, found: found).entries.map { entry in
            DeviceFigures(name: names[entry.device.function.address] ?? entry.name, device: entry.device)
        }
    }

    private func log(_ findings: DeviceFindings) {
        var now: Set<String> = Set(findings.inventory.problems)
        for (library, answer) in findings.answers {
            if case .failure(let failure) = answer { now.insert("\(library): \(failure)") }
        }
        for sentence in now.subtracting(said).sorted() {
            logger.warning("devices are not as they should be", metadata: ["what": "\(sentence)"])
        }
        said = now
    }
}
