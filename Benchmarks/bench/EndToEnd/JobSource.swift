import TidemillClient
import TidemillModel
import TidemillSeams
import TidemillWire

/// Jobs of one gang each: shares of a card, and CPUs and memory beside it. Equal seeds give equal jobs.
struct JobSource: Sendable {
    var gang: Int
    var seed: UInt64
    var host: String

    static let deviceClass = "card"

    static func name(_ phase: String, _ number: Int) -> String { "\(phase)-\(number)" }

    /// The request that makes one.
    func request(_ phase: String, _ number: Int) -> [UInt8] {
        var randomness = SeededGenerator(seed: seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
        let (compute, memory) = [("10%", "8Gi"), ("20%", "16Gi"), ("25%", "20Gi")][Int(randomness.next() % 3)]
        let body: JSON = [
            "apiVersion": "tidemill.dev/v1alpha1", "kind": "Job",
            "metadata": ["name": .string(Self.name(phase, number))],
            "spec": [
                "gang": ["min": .integer(Int64(gang)), "max": .integer(Int64(gang))],
                "slice": [
                    "cpu": "1", "memory": "2Gi",
                    "devices": [
                        [
                            "class": .string(Self.deviceClass), "compute": .string(compute),
                            "memory": .string(memory),
                        ]
                    ],
                ],
                "template": ["command": ["sleep", "infinity"]],
            ],
        ]
        let bytes = body.bytes
        let path = ObjectPath.collection(Kinds.Job.info, namespace: "default")
        let head =
            "POST \(path) HTTP/1.1\r\nHost: \(host)\r\nContent-Type: \(MediaType.json)\r\n"
            + "Content-Length: \(bytes.count)\r\n\r\n"
        return Array(head.utf8) + bytes
    }
}
