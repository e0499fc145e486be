import TidemillClient
import TidemillModel
import TidemillWire

/// What a verb makes of a node's spec, and what it says of it. Pure; a nil patch means that it is so already.
struct NodeChange: Equatable {
    var patch: JSON?
    var message: String
    /// What somebody should know besides, on standard error.
    var note: String?

    static func cordon(_ node: Kinds.Node) -> NodeChange {
        let name = Kinds.Node.info.named(node.metadata.name)
        if node.spec.unschedulable { return NodeChange(patch: nil, message: "\(name) already cordoned") }
        return NodeChange(patch: ["spec": ["unschedulable": true]], message: "\(name) cordoned")
    }

    /// Takes back cordon and drain alike, as people expect of a node that shall work again.
    static func uncordon(_ node: Kinds.Node) -> NodeChange {
        let name = Kinds.Node.info.named(node.metadata.name)
        let note =
            node.spec.maintenance
            ? "\(name) is in maintenance still: `tidemill maintenance \(node.metadata.name) --off` ends it" : nil
        guard node.spec.unschedulable || node.spec.drain != nil else {
            return NodeChange(patch: nil, message: "\(name) already uncordoned", note: note)
        }
        return NodeChange(
            patch: ["spec": ["unschedulable": false, "drain": .null]], message: "\(name) uncordoned", note: note)
    }

    static func maintenance(_ node: Kinds.Node, isOn: Bool) -> NodeChange {
        let name = Kinds.Node.info.named(node.metadata.name)
        if node.spec.maintenance == isOn {
            return NodeChange(patch: nil, message: "\(name) already \(isOn ? "in" : "out of") maintenance")
        }
        return NodeChange(
            patch: ["spec": ["maintenance": .bool(isOn)]],
            message: isOn ? "\(name) goes into maintenance" : "\(name) is out of maintenance",
            note: isOn ? noteOfEmptying(node) : nil)
    }

    /// Sets only what was asked for: a drain that is made to force goes on counting from when it began.
    static func drain(
        _ node: Kinds.Node, timeout: Duration? = nil, force: Bool = false, maxConcurrent: Int64? = nil
    ) -> NodeChange {
        var drain: JSON = [:]
        if let timeout { drain["timeout"] = .string(APIDuration(timeout).text) }
        if force { drain["force"] = true }
        if let maxConcurrent { drain["maxConcurrent"] = .integer(maxConcurrent) }
        let name = Kinds.Node.info.named(node.metadata.name)
        let isNew = node.spec.drain == nil
        let note = noteOfEmptying(node)
        if !isNew, drain == [:] { return NodeChange(patch: nil, message: "\(name) already draining", note: note) }
        return NodeChange(
            patch: ["spec": ["drain": drain]], message: isNew ? "\(name) draining" : "\(name) drain changed", note: note
        )
    }

    /// Why nothing is evicted for now.
    private static func noteOfEmptying(_ node: Kinds.Node) -> String? {
        if let halted = node.haltOfController { return "nothing is evicted: \(halted)" }
        let name = node.metadata.name
        switch node.status.state {
        case .suspect, .disconnected:
            return
                "\(Kinds.Node.info.named(name)) is not heard, and nothing is evicted meanwhile; if the machine is dead: "
                + "`tidemill node confirm-dead \(name)`"
        case .initializing, .ready, .lost, .draining, .cordoned, .maintenance, nil:
            return nil
        }
    }

    static func undoDrain(_ node: Kinds.Node) -> NodeChange {
        let name = Kinds.Node.info.named(node.metadata.name)
        if node.spec.drain == nil { return NodeChange(patch: nil, message: "\(name) is not drained") }
        let note =
            node.spec.unschedulable
            ? "\(name) is cordoned still: `tidemill uncordon \(node.metadata.name)` lets work onto it" : nil
        return NodeChange(patch: ["spec": ["drain": .null]], message: "\(name) drain undone", note: note)
    }
}

extension Session {
    /// Changes one node, and says what was done.
    func change(_ name: String, _ change: (Kinds.Node) throws -> NodeChange) async throws {
        let node = try await client.get(Kinds.Node.self, name: name)
        let wanted = try change(node)
        if let patch = wanted.patch {
            _ = try await client.mergePatch(Kinds.Node.info, namespace: nil, name: name, patch: patch)
        }
        Terminal.say(wanted.message)
        if let note = wanted.note { Terminal.complain(note) }
    }
}
