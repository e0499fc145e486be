import Testing
import TidemillDevices
import TidemillHostLinux
import TidemillNodeAgent
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

@Suite struct MetricsTextTests {
    private func render(usage: [SliceUsage] = [], pressure: [Pressure.Resource: Pressure] = [:]) -> String {
        MetricsText.render(
            .init(
                node: NodeID("n1"), agentVersion: "1", held: [], usage: usage, pressure: pressure, devices: [],
                renewals: 3, sinceRenewal: nil, appliedRevision: Revision(0)))
    }

    @Test func `waiting is told in seconds, of the machine and of each slice`() {
        let waited = Pressure(someMicroseconds: 12_000_345, fullMicroseconds: 7, somePercent10s: 1)
        let usage = SliceUsage(
            slice: Scene.held(.prepared), cpuNanoseconds: 1_500_000_000, memoryBytes: 4096, pressure: [.memory: waited])
        let lines = Set(render(usage: [usage], pressure: [.cpu: waited]).split(separator: "\n").map(String.init))
        let labels = "namespace=\"\(usage.namespace)\",slice=\"\(usage.name)\""
        for line in [
            "tidemill_node_pressure_seconds_total{resource=\"cpu\",waiting=\"some\"} 12.000345",
            "tidemill_node_pressure_seconds_total{resource=\"cpu\",waiting=\"full\"} 0.000007",
            "tidemill_slice_cpu_seconds_total{\(labels)} 1.500000",
            "tidemill_slice_memory_bytes{\(labels)} 4096",
            "tidemill_slice_pressure_seconds_total{\(labels),resource=\"memory\",waiting=\"some\"} 12.000345",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test func `a kernel that tells nothing leaves no series`() {
        let text = render()
        #expect(!text.contains("pressure") && !text.contains("tidemill_slice_"))
        #expect(text.contains("tidemill_agent_renewals_total 3"))
    }

    @Test func `an accelerator has figures in base units, and none that nobody told`() throws {
        let address = try #require(PCIAddress(parsing: "3b:00.0"))
        var device = FoundDevice(
            vendor: Vendor.all[0],
            function: PCIFunction(address: address, ids: PCIIDs(0x10DE, 0x20B2), classCode: 0x030200),
            identity: .slot(address), modelName: "A \"quoted\" name")
        device.measured = LibraryDevice(index: 0, address: address)
        device.measured?.usage.watts = 61.5
        device.measured?.usage.memoryUsedBytes = 1 << 30
        device.measured?.health = .healthy
        let text = MetricsText.render(
            .init(
                node: NodeID("n1"), agentVersion: "1", held: [], devices: [],
                accelerators: [DeviceFigures(name: "n1-nvidia-1", device: device)], renewals: 3, sinceRenewal: nil,
                appliedRevision: Revision(0)))
        let lines = Set(text.split(separator: "\n").map(String.init))
        #expect(lines.contains("tidemill_device_power_watts{device=\"n1-nvidia-1\"} 61.5"))
        #expect(lines.contains("tidemill_device_memory_used_bytes{device=\"n1-nvidia-1\"} 1073741824"))
        #expect(lines.contains("tidemill_device_healthy{device=\"n1-nvidia-1\"} 1"))
        #expect(text.contains("model=\"A \\\"quoted\\\" name\""))
        #expect(!text.contains("celsius"))
    }
}
