import NIOSSL
import TidemillClient
import TidemillModel
import TidemillRig
import TidemillSeams
import TidemillWire

/// Puts simulated nodes into the store, with what their agents would have reported.
struct Fleet {
    var rig: Rig

    func register(_ count: Int) async throws {
        let kubeconfig = try Kubeconfig(path: rig.kubeconfig)
        let (host, port) = try ServerBench.address(kubeconfig.endpoint.url)
        let load = LoadGenerator(
            host: host, port: port,
            tls: try NIOSSLContext(configuration: .ofClient(kubeconfig.endpoint.credentials)), connections: 64)
        for (method, part) in [("POST", Subresource.main), ("PATCH", Subresource.status)] {
            let outcome = try await load.run(total: count) { number in
                Self.request(method, part, SimulatedNode(number: number), host: host)
            }
            guard outcome.requests == count, outcome.failures == 0 else {
                throw RigError("\(method) of nodes: \(outcome.requests) of \(count), \(outcome.failures) failed")
            }
        }
    }

    private static func request(
        _ method: String, _ part: Subresource, _ node: SimulatedNode, host: String
    ) -> [UInt8] {
        let isNew = part == .main
        let body: JSON =
            isNew
            ? [
                "apiVersion": "tidemill.dev/v1alpha1", "kind": "Node", "metadata": ["name": .string(node.id.rawValue)],
                "spec": [:],
            ]
            : ["status": node.status]
        let path =
            isNew
            ? ObjectPath.collection(Kinds.Node.info, namespace: nil)
            : ObjectPath.object(Kinds.Node.info, namespace: nil, name: node.id.rawValue, subresource: part)
        let bytes = body.bytes
        let type = isNew ? MediaType.json : MediaType.mergePatch
        let head =
            "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nContent-Type: \(type)\r\nContent-Length: \(bytes.count)\r\n\r\n"
        return Array(head.utf8) + bytes
    }
}
