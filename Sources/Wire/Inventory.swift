import TidemillModel
import TidemillSeams

/// Everything that a node holds, as its agent knows it (`POST /agent/v1/inventory`). Sent while heartbeat replies ask for it.
package struct Inventory: Hashable, Sendable {
    package var node: NodeID
    package var bootID: BootID
    package var machineID: String
    package var agentStart: String
    /// The highest epoch that the node has ever seen, in journal, cgroups and grants.
    package var highestEpoch: Epoch
    /// By uid and epoch. Complete: what is not here is not on the node.
    package var held: [HeldReport]

    package init(
        node: NodeID, bootID: BootID, machineID: String, agentStart: String, highestEpoch: Epoch, held: [HeldReport]
    ) {
        self.node = node
        self.bootID = bootID
        self.machineID = machineID
        self.agentStart = agentStart
        self.highestEpoch = highestEpoch
        self.held = held
    }
}

/// One slice of an inventory: enough to re-create it in a store that has forgotten it.
package struct HeldReport: Hashable, Sendable {
    /// How far the slice is on its node.
    package enum Phase: String, Hashable, Sendable {
        /// Nothing of it runs, and nothing ever did.
        case prepared = "Prepared"
        /// Its task runs, or its start is under way.
        case running = "Running"
        /// Its task is over or being ended; processes may be left.
        case ending = "Ending"
        /// Nothing is left of it; its end waits to be acknowledged.
        case ended = "Ended"
    }

    package var uid: SliceUID
    /// Empty, as is `name`, for a stray of which only the cgroup is known.
    package var namespace: String
    package var name: String
    /// The job's attempt that it works for; nil for a slice of its own and for a stray.
    package var member: Kinds.AttemptRef?
    /// As the agent took it; `shares` are empty for a stray.
    package var grant: Kinds.Grant
    package var phase: Phase
    /// When its task started.
    package var startedAt: Timestamp?

    package init(
        uid: SliceUID, namespace: String, name: String, member: Kinds.AttemptRef?, grant: Kinds.Grant, phase: Phase,
        startedAt: Timestamp? = nil
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.member = member
        self.grant = grant
        self.phase = phase
        self.startedAt = startedAt
    }
}

/// What the controller makes of an inventory.
package struct InventoryReply: Hashable, Sendable {
    /// One grant that the node is to end now.
    package struct Stop: Hashable, Sendable {
        package var uid: SliceUID
        package var epoch: Epoch
        /// One word, such as `Restored` or `NodeLost`.
        package var reason: String

        package init(uid: SliceUID, epoch: Epoch, reason: String) {
            self.uid = uid
            self.epoch = epoch
            self.reason = reason
        }
    }

    /// The life of the store that answers.
    package var incarnation: IncarnationID
    /// Grants to end; the next inventory shows what has become of them.
    package var stop: [Stop]
    /// True once everything that the node holds and keeps is in the store again: from a list taken after this reply the
    /// agent may conclude that what is not listed is nobody's.
    package var isSettled: Bool

    package init(incarnation: IncarnationID, stop: [Stop] = [], isSettled: Bool) {
        self.incarnation = incarnation
        self.stop = stop
        self.isSettled = isSettled
    }
}

extension Inventory: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            node: try reader.required("node"), bootID: try reader.required("bootID"),
            machineID: try reader.required("machineID"), agentStart: try reader.required("agentStart"),
            highestEpoch: Epoch(try reader.required("highestEpoch")), held: try reader.list("held"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("node", node)
        writer.put("bootID", bootID)
        writer.put("machineID", machineID)
        writer.put("agentStart", agentStart)
        writer.put("highestEpoch", highestEpoch.rawValue)
        writer.put("held", held)
        return writer.json
    }
}

extension HeldReport: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        let word: String = try reader.required("phase")
        guard let phase = Phase(rawValue: word) else { throw DecodeFailure(message: "\"\(word)\" is no phase") }
        self.init(
            uid: try reader.required("uid"), namespace: try reader.value("namespace", default: ""),
            name: try reader.value("name", default: ""), member: try reader.optional("member"),
            grant: try reader.required("grant"), phase: phase, startedAt: try reader.optional("startedAt"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("uid", uid)
        writer.put("namespace", namespace)
        writer.put("name", name)
        writer.put("member", member)
        writer.put("grant", grant)
        writer.put("phase", phase.rawValue)
        writer.put("startedAt", startedAt)
        return writer.json
    }
}

extension InventoryReply: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            incarnation: try reader.required("incarnation"), stop: try reader.list("stop"),
            isSettled: try reader.required("isSettled"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("incarnation", incarnation)
        writer.put("stop", stop)
        writer.put("isSettled", isSettled)
        return writer.json
    }
}

extension InventoryReply.Stop: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            uid: try reader.required("uid"), epoch: Epoch(try reader.required("epoch")),
            reason: try reader.required("reason"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("uid", uid)
        writer.put("epoch", epoch.rawValue)
        writer.put("reason", reason)
        return writer.json
    }
}
