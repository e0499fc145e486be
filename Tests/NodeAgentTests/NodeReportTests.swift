import Testing
import TidemillHostLinux
import TidemillModel
import TidemillNodeAgent
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

@Suite struct NodeReportTests {
    static let report = NodeReport(
        MachineFacts(
            node: NodeID("n"), bootID: BootID("b"), machineID: "m", kernelVersion: "6.1", agentVersion: "1",
            cpuModel: "X",
            domains: [
                NUMADomain(id: 2, cpus: CPUList([4, 5]), memoryBytes: 2 << 30),
                NUMADomain(id: 0, cpus: CPUList([0, 1, 2, 3]), memoryBytes: 8 << 30),
                NUMADomain(id: 5, cpus: CPUList([]), memoryBytes: 64 << 30),
            ], unenforced: []))

    @Test func `every domain with CPUs is a device, and memory without CPUs is none`() {
        #expect(Self.report.cpuDevices.map(\.id) == [DeviceID("n-cpu0"), DeviceID("n-cpu2")])
        let node = Self.report.node(
            Kinds.Node(metadata: ObjectMeta(name: "n"), spec: Kinds.NodeSpec()), at: Scene.wall(1))
        #expect(node.status.capacity?.cpu.text == "6")
        #expect(node.status.capacity?.memory.text == "10Gi")
        #expect(node.status.allocatable?.cpu.text == "5400m")
        #expect(node.status.allocatable?.memory.text == "9215Mi")
        #expect(node.status.devices == 2 && node.status.numaNodes == 2)
    }

    @Test func `a report that changes nothing leaves the object as it is`() {
        let once = Self.report.node(
            Kinds.Node(metadata: ObjectMeta(name: "n"), spec: Kinds.NodeSpec()), at: Scene.wall(1))
        #expect(Self.report.node(once, at: Scene.wall(99)) == once)
    }

    @Test func `what cannot be enforced lowers the grade that is offered`() {
        var facts = Self.report.facts
        facts.unenforced = ["Memory limits are not enforced."]
        let report = NodeReport(facts)
        let device = report.device(
            report.cpuDevices[0], Kinds.Device(metadata: ObjectMeta(name: "d"), spec: Kinds.DeviceSpec()),
            at: Scene.wall(1))
        #expect(facts.grade == .advisory)
        #expect(device.status.isolation == ["advisory"])
    }
}
