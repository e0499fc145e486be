import TidemillHostLinux
import TidemillModel
import TidemillNodeCore
import TidemillSeams

/// The agent's figures in Prometheus' text format (version 0.0.4). Pure.
package enum MetricsText {
    /// What is rendered.
    package struct Figures: Sendable {
        package var node: NodeID
        package var agentVersion: String
        package var held: [HeldSlice]
        package var usage: [SliceUsage]
        /// Of the whole machine.
        package var pressure: [Pressure.Resource: Pressure]
        package var devices: [CPUDevice]
        package var accelerators: [DeviceFigures]
        package var renewals: Int64
        /// Since the last acknowledged renewal was sent; nil when there was none.
        package var sinceRenewal: Duration?
        package var appliedRevision: Revision

        package init(
            node: NodeID, agentVersion: String, held: [HeldSlice], usage: [SliceUsage] = [],
            pressure: [Pressure.Resource: Pressure] = [:], devices: [CPUDevice],
            accelerators: [DeviceFigures] = [], renewals: Int64,
            sinceRenewal: Duration?, appliedRevision: Revision
        ) {
            self.node = node
            self.agentVersion = agentVersion
            self.held = held
            self.usage = usage
            self.pressure = pressure
            self.devices = devices
            self.accelerators = accelerators
            self.renewals = renewals
            self.sinceRenewal = sinceRenewal
            self.appliedRevision = appliedRevision
        }
    }

    package static func render(_ figures: Figures) -> String {
        var text = ""
        add(
            &text, "tidemill_agent_info", "gauge",
            [("version", figures.agentVersion), ("node", figures.node.rawValue)], "1")
        add(&text, "tidemill_agent_renewals_total", "counter", [], "\(figures.renewals)")
        if let since = figures.sinceRenewal {
            add(&text, "tidemill_agent_seconds_since_renewal", "gauge", [], "\(since.inSeconds)")
        }
        add(&text, "tidemill_agent_applied_revision", "gauge", [], "\(figures.appliedRevision)")
        header(&text, "tidemill_agent_slices", "gauge")
        for phase in ["preparing", "prepared", "starting", "active", "emptying", "released"] {
            let count = figures.held.count { Self.name($0.phase) == phase }
            line(&text, "tidemill_agent_slices", [("phase", phase)], "\(count)")
        }
        for (name, value) in [
            ("tidemill_device_allocatable_millicpus", { (d: CPUDevice) in d.allocatable.milliCPU }),
            ("tidemill_device_allocatable_bytes", { (d: CPUDevice) in d.allocatable.memoryBytes }),
        ] {
            header(&text, name, "gauge")
            for device in figures.devices { line(&text, name, [("device", device.id.rawValue)], "\(value(device))") }
        }
        if !figures.pressure.isEmpty {
            header(&text, "tidemill_node_pressure_seconds_total", "counter")
            addPressure(&text, "tidemill_node_pressure_seconds_total", [], figures.pressure)
        }
        addUsage(&text, figures.usage)
        addDevices(&text, figures.accelerators)
        return text
    }

    /// Figures of slices; the series of one end with it.
    private static func addUsage(_ text: inout String, _ usage: [SliceUsage]) {
        guard !usage.isEmpty else { return }
        header(&text, "tidemill_slice_cpu_seconds_total", "counter")
        for one in usage {
            guard let time = one.cpuNanoseconds else { continue }
            line(&text, "tidemill_slice_cpu_seconds_total", one.labels, seconds(time / 1000))
        }
        header(&text, "tidemill_slice_memory_bytes", "gauge")
        for one in usage {
            if let bytes = one.memoryBytes { line(&text, "tidemill_slice_memory_bytes", one.labels, "\(bytes)") }
        }
        header(&text, "tidemill_slice_pressure_seconds_total", "counter")
        for one in usage { addPressure(&text, "tidemill_slice_pressure_seconds_total", one.labels, one.pressure) }
    }

    private static func addPressure(
        _ text: inout String, _ name: String, _ labels: [(String, String)], _ pressure: [Pressure.Resource: Pressure]
    ) {
        for resource in Pressure.Resource.allCases {
            guard let waited = pressure[resource] else { continue }
            for (share, time) in [("some", waited.someMicroseconds), ("full", waited.fullMicroseconds)] {
                let all = labels + [("resource", resource.rawValue), ("waiting", share)]
                line(&text, name, all, seconds(time))
            }
        }
    }

    private static func seconds(_ microseconds: Int64) -> String {
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.utf8.count) + fraction
    }

    private static func name(_ phase: HeldSlice.Phase) -> String {
        switch phase {
        case .preparing: "preparing"
        case .prepared: "prepared"
        case .starting: "starting"
        case .active: "active"
        case .emptying: "emptying"
        case .released: "released"
        }
    }

    private static func add(
        _ text: inout String, _ name: String, _ type: String, _ labels: [(String, String)], _ value: String
    ) {
        header(&text, name, type)
        line(&text, name, labels, value)
    }

    static func header(_ text: inout String, _ name: String, _ type: String) {
        text += "# TYPE \(name) \(type)\n"
    }

    static func line(_ text: inout String, _ name: String, _ labels: [(String, String)], _ value: String) {
        // Names of nodes, devices, namespaces and slices need no escapes.
        let inner = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
        text += name + (inner.isEmpty ? "" : "{\(inner)}") + " \(value)\n"
    }
}
