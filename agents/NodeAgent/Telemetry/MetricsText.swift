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
        package var devices: [CPUDevice]
        package var renewals: Int64
        /// Since the last acknowledged renewal was sent; nil when there was none.
        package var sinceRenewal: Duration?
        package var appliedRevision: Revision

        package init(
            node: NodeID, agentVersion: String, held: [HeldSlice], devices: [CPUDevice], renewals: Int64,
            sinceRenewal: Duration?, appliedRevision: Revision
        ) {
            self.node = node
            self.agentVersion = agentVersion
            self.held = held
            self.devices = devices
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
        return text
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

    private static func header(_ text: inout String, _ name: String, _ type: String) {
        text += "# TYPE \(name) \(type)\n"
    }

    private static func line(_ text: inout String, _ name: String, _ labels: [(String, String)], _ value: String) {
        // Names of nodes and devices need no escapes.
        let inner = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
        text += name + (inner.isEmpty ? "" : "{\(inner)}") + " \(value)\n"
    }
}
