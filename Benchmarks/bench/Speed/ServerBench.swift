import Histogram
import NIOSSL
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillWire

/// Durable creates and cached reads through the API, as 64 clients see them. The load comes from this machine too.
struct ServerBench {
    var rig: Rig
    var runs: Int

    func rows() async throws -> [Row] {
        let kubeconfig = try Kubeconfig(path: rig.kubeconfig)
        let (host, port) = try Self.address(kubeconfig.endpoint.url)
        let load = LoadGenerator(
            host: host, port: port, tls: try NIOSSLContext(configuration: .ofClient(kubeconfig.endpoint.credentials)),
            connections: 64)

        var creates: [Double] = []
        var createTail: [Double] = []
        for run in 0..<runs {
            let outcome = try await load.run(total: 20_000) { number in
                Self.create(host: host, name: "bench-\(run)-\(number)")
            }
            try Self.check(outcome, 20_000)
            creates.append(outcome.perSecond)
            createTail.append(Double(outcome.latencyMicroseconds.valueAtPercentile(99)) / 1_000)
        }
        var reads: [Double] = []
        let path = ObjectPath.object(Kinds.Lease.info, namespace: "default", name: "bench-0-0")
        let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
        for _ in 0..<runs {
            let outcome = try await load.run(total: 60_000) { _ in request }
            try Self.check(outcome, 60_000)
            reads.append(outcome.perSecond)
        }
        let note = "64 clients on the same machine, median of \(runs) runs"
        return [
            Row(
                name: "durable creates through the API", value: median(creates), unit: "creates/s",
                aim: .atLeast(8_000), note: "\(note); p99 \(figure(median(createTail))) ms"),
            Row(
                name: "cached GETs through the API", value: median(reads), unit: "reads/s", aim: .atLeast(35_000),
                note: note),
        ]
    }

    private static func check(_ outcome: LoadGenerator.Outcome, _ total: Int) throws {
        guard outcome.requests == total, outcome.failures == 0 else {
            throw RigError(
                "\(outcome.requests) of \(total) requests were answered, \(outcome.failures) of them with an error")
        }
    }

    /// The request that makes a lease of about 1.3 KB.
    static func create(host: String, name: String, namespace: String = "default") -> [UInt8] {
        let body: JSON = [
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": [
                "name": .string(name), "namespace": .string(namespace),
                "annotations": ["note": .string(String(repeating: "x", count: 900))],
            ],
            "spec": ["holderIdentity": "bench", "leaseDurationSeconds": 15],
        ]
        let bytes = body.bytes
        let head =
            "POST \(ObjectPath.collection(Kinds.Lease.info, namespace: namespace)) HTTP/1.1\r\n"
            + "Host: \(host)\r\nContent-Type: application/json\r\nContent-Length: \(bytes.count)\r\n\r\n"
        return Array(head.utf8) + bytes
    }

    static func address(_ url: String) throws -> (String, Int) {
        let parts = url.replacing("https://", with: "").split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1]) else { throw RigError("no host and port in \(url)") }
        return (String(parts[0]), port)
    }
}
