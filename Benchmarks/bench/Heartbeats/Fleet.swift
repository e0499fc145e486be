import NIOSSL
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillSeams
import TidemillWire

/// Puts simulated nodes into the store, with what their agents would have reported.
struct Fleet {
    var rig: Rig

    func register(_ count: Int, cards: Int = 0) async throws {
        let kubeconfig = try Kubeconfig(path: rig.kubeconfig)
        let (host, port) = try ServerBench.address(kubeconfig.endpoint.url)
        let load = LoadGenerator(
            host: host, port: port,
            tls: try NIOSSLContext(configuration: .ofClient(kubeconfig.endpoint.credentials)), connections: 64)
        try await write(count, with: load) { number in
            let node = SimulatedNode(number: number, cards: cards)
            return Report(kind: Kinds.Node.info, name: node.id.rawValue, status: node.status, host: host)
        }
        // The CPUs of a node with cards are a device, too.
        let each = cards == 0 ? 0 : cards + 1
        try await write(count * each, with: load) { number in
            let device = SimulatedNode(number: number / each, cards: cards).devices[number % each]
            return Report(kind: Kinds.Device.info, name: device.name, status: device.status, host: host)
        }
    }

    /// Creates objects and then writes their statuses.
    private func write(
        _ count: Int, with load: LoadGenerator, _ report: @escaping @Sendable (Int) -> Report
    ) async throws {
        if count == 0 { return }
        for isNew in [true, false] {
            let outcome = try await load.run(total: count) { report($0).request(isNew: isNew) }
            guard outcome.requests == count, outcome.failures == 0 else {
                throw RigError(
                    "\(isNew ? "POST" : "PATCH") of \(report(0).kind.plural): \(outcome.requests) of \(count), \(outcome.failures) failed"
                )
            }
        }
    }
}

/// One object that an agent makes and describes.
private struct Report {
    var kind: KindInfo
    var name: String
    var status: JSON
    var host: String

    func request(isNew: Bool) -> [UInt8] {
        let body: JSON =
            isNew
            ? [
                "apiVersion": .string(kind.apiVersion), "kind": .string(kind.kind),
                "metadata": ["name": .string(name)], "spec": [:],
            ]
            : ["status": status]
        let path =
            isNew
            ? ObjectPath.collection(kind, namespace: nil)
            : ObjectPath.object(kind, namespace: nil, name: name, subresource: .status)
        let bytes = body.bytes
        let head =
            "\(isNew ? "POST" : "PATCH") \(path) HTTP/1.1\r\nHost: \(host)\r\n"
            + "Content-Type: \(isNew ? MediaType.json : MediaType.mergePatch)\r\nContent-Length: \(bytes.count)\r\n\r\n"
        return Array(head.utf8) + bytes
    }
}
