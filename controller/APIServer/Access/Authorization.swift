import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Who may do what, for now: members of `system:masters` everything; an agent what its node needs; nobody else anything.
///
/// An agent reads nodes, devices, device classes, slices, tasks and jobs. It makes its own Node and the Devices of that
/// node and writes their status, writes the status of slices granted to the node and of their tasks, and creates events.
struct Authorization: Sendable {
    let resources: Resources

    /// Throws `.forbidden`. `body` is what would be written, for the rules that look at it.
    func check(_ peer: Peer, _ attributes: Attributes, body: JSON? = nil) async throws(APIError) {
        if peer.isMaster { return }
        guard let node = peer.node?.rawValue else { throw attributes.forbidden(to: peer.user) }
        guard attributes.verb.writes else {
            guard Self.readable.contains(attributes.kind.groupResource), attributes.part != .log else {
                throw attributes.forbidden(to: peer.user)
            }
            return
        }
        guard try await mayWrite(node, attributes, body) else {
            throw attributes.forbidden(to: peer.user, because: "not an object of node \"\(node)\"")
        }
    }

    /// Throws `.forbidden` for who may do nothing of the kind, whatever the object: before a body is read.
    func checkKnown(_ peer: Peer, _ attributes: Attributes) throws(APIError) {
        guard peer.isMaster || peer.node != nil else { throw attributes.forbidden(to: peer.user) }
    }

    /// What an agent reads.
    static let readablePlurals = ["nodes", "devices", "deviceclasses", "slices", "tasks", "jobs"]
    private static let readable = Set(readablePlurals.map { "\($0).tidemill.dev" })

    private func mayWrite(_ node: String, _ attributes: Attributes, _ body: JSON?) async throws(APIError) -> Bool {
        let name = attributes.name ?? body?.at(["metadata", "name"])?.string ?? ""
        switch attributes.kind.groupResource {
        case "nodes.tidemill.dev":
            return declaresOrReports(attributes) && name == node && !isOrder(attributes, body)
        case "devices.tidemill.dev":
            guard declaresOrReports(attributes) else { return false }
            // A node's name may begin like another's: what the device says of itself decides, once it says it.
            guard name.hasPrefix(node + "-") else { return false }
            let claimed = body?.at(["status", "node"])?.string ?? node
            let stored = try await owner(attributes, name, ["status", "node"]) ?? node
            return claimed == node && stored == node
        case "slices.tidemill.dev":
            guard attributes.part == .status, try await owner(attributes, name, ["status", "grant", "node"]) == node
            else { return false }
            return try await keepsGrant(attributes, name, body)
        case "tasks.tidemill.dev":
            guard attributes.part == .status else { return false }
            return try await taskNode(attributes, name) == node
        case "events":
            return attributes.verb == .create
        default:
            return false
        }
    }

    /// What an agent makes is its report from then on; cordons, taints and layout are the operator's.
    private func declaresOrReports(_ attributes: Attributes) -> Bool {
        attributes.verb == .create || (attributes.part == .status && attributes.verb != .delete)
    }

    /// Whether the Node that an agent makes would say what only operators say: that it is dead, or is to be emptied.
    private func isOrder(_ attributes: Attributes, _ body: JSON?) -> Bool {
        guard attributes.verb == .create, let spec = body?["spec"] else { return false }
        return [spec["confirmedDead"], spec["drain"]].contains { $0 != nil && $0 != .null }
            || spec["maintenance"] == .bool(true)
    }

    /// The node of the slice in which the task runs.
    private func taskNode(_ attributes: Attributes, _ name: String) async throws(APIError) -> String? {
        guard let sliceKind = Kinds.all.first(where: { $0.groupResource == "slices.tidemill.dev" }),
            let slice = try await owner(attributes, name, ["spec", "slice"])
        else { return nil }
        var ofSlice = attributes
        ofSlice.kind = sliceKind
        return try await owner(ofSlice, slice, ["status", "grant", "node"])
    }

    /// A grant is the controller's: an agent's write may repeat it, but not change it.
    private func keepsGrant(_ attributes: Attributes, _ name: String, _ body: JSON?) async throws(APIError) -> Bool {
        // A replacement without a status, or a patch that makes it nothing, would take the grant away with it.
        guard let status = body?["status"] else { return attributes.verb == .patch }
        guard case .object = status else { return false }
        guard let grant = status["grant"] else { return attributes.verb == .patch }
        let stored = try await stored(attributes, name)
        return stored?.at(["status", "grant"]) == MergePatch.apply(grant, to: stored?.at(["status", "grant"]) ?? .null)
    }

    private func owner(
        _ attributes: Attributes, _ name: String, _ path: [String]
    ) async throws(APIError) -> String? {
        try await stored(attributes, name)?.at(path)?.string
    }

    /// The stored object; nil when there is none, which the write itself will say.
    private func stored(_ attributes: Attributes, _ name: String) async throws(APIError) -> JSON? {
        do {
            let ref = ObjectRef(kind: attributes.kind, namespace: attributes.namespace ?? "", name: name)
            return try await resources.get(ref).tree
        } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }
}
