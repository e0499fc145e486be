import TidemillClient
import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillWire

/// The node of a simulated agent: the same names in the process that registers it and in the one that is it.
struct SimulatedNode: Sendable {
    var number: Int
    /// Accelerators; a node without any offers nothing at all.
    var cards = 0

    static let cardBytes: Int64 = 80 << 30
    static let cpus: Int64 = 64
    static let cpuBytes: Int64 = 512 << 30

    var id: NodeID { NodeID("beat-\(number)") }
    var bootID: BootID { BootID("00000000-0000-4000-8000-\(String(100_000_000_000 + number))") }
    var machineID: String { "bench-machine-\(number)" }

    var heartbeats: HeartbeatCore {
        HeartbeatCore(node: id, bootID: bootID, machineID: machineID, agentStart: "bench-start-\(number)")
    }

    /// The watches that its agent holds.
    var slicesPath: String { watch(Kinds.Slice.info, "status.grant.node") }
    var jobsPath: String { watch(Kinds.Job.info, "status.gang.nodes") }

    private func watch(_ kind: KindInfo, _ field: String) -> String {
        ObjectPath.collection(kind, namespace: nil)
            + "?watch=true&allowWatchBookmarks=true&fieldSelector=\(field)%3D\(id)"
    }

    /// What its agent would report of the machine.
    var status: JSON {
        let amounts: JSON =
            cards == 0 ? ["cpu": "0", "memory": "0"] : ["cpu": .string("\(Self.cpus)"), "memory": "512Gi"]
        let devices = cards == 0 ? 0 : Int64(cards) + 1
        return [
            "capacity": amounts, "allocatable": amounts, "devices": .integer(devices),
            "numaNodes": cards == 0 ? 0 : 1, "agentVersion": "bench", "bootID": .string(bootID.rawValue),
            "machineID": .string(machineID),
        ]
    }

    /// Names and statuses of its devices: the CPUs, and the cards.
    var devices: [(name: String, status: JSON)] {
        guard cards > 0 else { return [] }
        return [device("cpu0", "cpu", ["cpu": .string("\(Self.cpus)"), "memory": "512Gi"])]
            + (0..<cards).map { device("card\($0)", "bench", ["memory": .string("\(Self.cardBytes)")]) }
    }

    private func device(_ part: String, _ vendor: JSON, _ amounts: JSON) -> (name: String, status: JSON) {
        (
            "\(id)-\(part)",
            [
                "node": .string(id.rawValue), "vendor": vendor, "model": "bench", "numaNode": 0,
                "uuid": .string("\(machineID)-\(part)"), "capacity": amounts, "allocatable": amounts,
                "health": "Healthy",
                "isolation": ["enforced", "advisory"],
            ]
        )
    }
}
