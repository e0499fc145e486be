import TidemillModel
import TidemillSeams

/// A node of which nothing counts but what an answer can depend on: not its name, not the names of its devices, and not
/// which slices hold shares. Nodes of equal standing are alike to every ask.
struct Standing: Hashable, Sendable {
    let node: NodeSnapshot
    private let mixed: Int

    init(_ node: NodeSnapshot) {
        self.node = node
        var hasher = Hasher()
        hasher.combine(node.state)
        hasher.combine(node.isCordoned)
        for device in node.devices {
            hasher.combine(device.free)
            hasher.combine(device.tenants)
        }
        mixed = hasher.finalize()
    }

    func hash(into hasher: inout Hasher) { hasher.combine(mixed) }

    static func == (a: Standing, b: Standing) -> Bool {
        a.mixed == b.mixed && a.node.isAlike(b.node)
    }
}

extension NodeSnapshot {
    func isAlike(_ other: NodeSnapshot) -> Bool {
        state == other.state && isCordoned == other.isCordoned && (bootID == nil) == (other.bootID == nil)
            && taints == other.taints && devices.count == other.devices.count
            && zip(devices, other.devices).allSatisfy { $0.isAlike($1) }
    }
}

extension DeviceSnapshot {
    /// Whether an answer could tell the two apart by anything but their names.
    func isAlike(_ other: DeviceSnapshot) -> Bool {
        free == other.free && tenants == other.tenants && isCordoned == other.isCordoned
            && isHealthy == other.isHealthy && kind == other.kind
    }
}
