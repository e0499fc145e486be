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
        for index in node.devices.indices {
            hasher.combine(node.devices[index].free)
            hasher.combine(node.devices[index].tenants)
        }
        mixed = hasher.finalize()
    }

    func hash(into hasher: inout Hasher) { hasher.combine(mixed) }

    static func == (a: Standing, b: Standing) -> Bool {
        a.mixed == b.mixed && a.node.isAlike(b.node)
    }
}

extension NodeSnapshot {
    /// Whether it has devices of the same kinds in the same order.
    func hasKinds(of other: NodeSnapshot) -> Bool {
        devices.count == other.devices.count
            && devices.indices.allSatisfy { devices[$0].traits.kind == other.devices[$0].traits.kind }
    }

    func isAlike(_ other: NodeSnapshot) -> Bool {
        state == other.state && isCordoned == other.isCordoned && (bootID == nil) == (other.bootID == nil)
            && taints == other.taints && devices.count == other.devices.count
            && devices.indices.allSatisfy { isAlike(other, device: $0) }
    }
}

extension NodeSnapshot {
    /// Whether two of its devices differ in nothing but their names.
    @inline(__always)
    func areAlike(_ one: Int, _ other: Int) -> Bool {
        devices[one].free == devices[other].free && devices[one].traits.kind == devices[other].traits.kind
            && devices[one].linked == devices[other].linked && devices[one].isCordoned == devices[other].isCordoned
            && devices[one].isHealthy == devices[other].isHealthy && devices[one].tenants == devices[other].tenants
    }
}

extension NodeSnapshot {
    /// Whether an answer could tell the two devices at that place apart by anything but their names.
    @inline(__always)
    private func isAlike(_ other: NodeSnapshot, device: Int) -> Bool {
        devices[device].free == other.devices[device].free && devices[device].linked == other.devices[device].linked
            && devices[device].isCordoned == other.devices[device].isCordoned
            && devices[device].isHealthy == other.devices[device].isHealthy
            && devices[device].kind == other.devices[device].kind
            && devices[device].tenants == other.devices[device].tenants
    }
}
