import TidemillModel
import TidemillSeams

/// What an agent says on its heartbeat connection (`POST /agent/v1/heartbeat`).
package struct Heartbeat: Hashable, Sendable {
    package var node: NodeID
    package var bootID: BootID
    /// Identity of the machine: hardware UUID and the instance key of the agent's first start, hashed.
    package var machineID: String
    /// The controller's incarnation, start and revision that the agent last saw; nil before the first reply.
    package var incarnation: IncarnationID?
    package var startID: StartID?
    package var lastRevision: Int64?
    /// Id of this agent process, so that two live agents of one identity are noticed.
    package var agentStart: String
    /// Id of the agent process that held this node's journal before; nil at the node's first start. A successor is
    /// believed at once, a second agent is not.
    package var previousStart: String?
    /// When it was sent, in nanoseconds on the agent's boot clock.
    package var sentAt: Int64
    /// The last store revision whose changes the agent has applied.
    package var appliedRevision: Int64
    /// A task may have ended whose end is not reported yet: this heartbeat does not show how long the node's slices were
    /// active.
    package var hasUntoldEnds: Bool

    package init(
        node: NodeID, bootID: BootID, machineID: String, incarnation: IncarnationID? = nil, startID: StartID? = nil,
        lastRevision: Int64? = nil, agentStart: String, previousStart: String? = nil, sentAt: Int64,
        appliedRevision: Int64, hasUntoldEnds: Bool = false
    ) {
        self.node = node
        self.bootID = bootID
        self.machineID = machineID
        self.incarnation = incarnation
        self.startID = startID
        self.lastRevision = lastRevision
        self.agentStart = agentStart
        self.previousStart = previousStart
        self.sentAt = sentAt
        self.appliedRevision = appliedRevision
        self.hasUntoldEnds = hasUntoldEnds
    }
}

/// What the controller answers to a heartbeat. Only an accepted one renews the node's lease.
package struct HeartbeatReply: Hashable, Sendable {
    package var accepted: Bool
    /// Why not, in one word such as `NodeIdentityChanged`.
    package var reason: String?
    /// Why not, in a sentence.
    package var message: String?
    /// When the next heartbeat is due, in milliseconds after this one was sent.
    package var intervalMilliseconds: Int64
    package var incarnation: IncarnationID
    package var startID: StartID
    /// The store's revision.
    package var revision: Int64
    /// The agent is to say what its node holds (`POST /agent/v1/inventory`), again and again while this is set: the store
    /// was restored, or the node was confirmed dead and has come back.
    package var wantsInventory: Bool

    package init(
        accepted: Bool, reason: String? = nil, message: String? = nil, intervalMilliseconds: Int64,
        incarnation: IncarnationID, startID: StartID, revision: Int64, wantsInventory: Bool = false
    ) {
        self.accepted = accepted
        self.reason = reason
        self.message = message
        self.intervalMilliseconds = intervalMilliseconds
        self.incarnation = incarnation
        self.startID = startID
        self.revision = revision
        self.wantsInventory = wantsInventory
    }
}

/// A request that the controller sends down an agent's tunnel; the agent answers by dialling
/// `POST /agent/v1/tunnel/{id}`.
package struct TunnelOpen: Hashable, Sendable {
    /// What can be asked for; another word is of a newer controller.
    package enum Verb {
        package static let logs = "logs"
        package static let exec = "exec"
    }

    package var id: String
    package var verb: String
    package var namespace: String
    package var task: String
    /// Go on until the task ends.
    package var follow: Bool
    /// Start with this many last lines; everything when nil.
    package var tailLines: Int64?
    /// What to run, with the verb `exec`.
    package var exec: ExecRequest?

    package init(
        id: String, verb: String = Verb.logs, namespace: String, task: String, follow: Bool = false,
        tailLines: Int64? = nil, exec: ExecRequest? = nil
    ) {
        self.id = id
        self.verb = verb
        self.namespace = namespace
        self.task = task
        self.follow = follow
        self.tailLines = tailLines
        self.exec = exec
    }
}

extension Heartbeat: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            node: try reader.required("node"), bootID: try reader.required("bootID"),
            machineID: try reader.required("machineID"), incarnation: try reader.optional("incarnation"),
            startID: try reader.optional("startID"), lastRevision: try reader.optional("lastRevision"),
            agentStart: try reader.required("agentStart"), previousStart: try reader.optional("previousStart"),
            sentAt: try reader.required("sentAt"),
            appliedRevision: try reader.required("appliedRevision"),
            hasUntoldEnds: try reader.optional("hasUntoldEnds") ?? false)
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("node", node)
        writer.put("bootID", bootID)
        writer.put("machineID", machineID)
        writer.put("incarnation", incarnation)
        writer.put("startID", startID)
        writer.put("lastRevision", lastRevision)
        writer.put("agentStart", agentStart)
        writer.put("previousStart", previousStart)
        writer.put("sentAt", sentAt)
        writer.put("appliedRevision", appliedRevision)
        if hasUntoldEnds { writer.put("hasUntoldEnds", true) }
        return writer.json
    }
}

extension HeartbeatReply: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            accepted: try reader.required("accepted"), reason: try reader.optional("reason"),
            message: try reader.optional("message"), intervalMilliseconds: try reader.required("intervalMilliseconds"),
            incarnation: try reader.required("incarnation"), startID: try reader.required("startID"),
            revision: try reader.required("revision"),
            wantsInventory: try reader.value("wantsInventory", default: false))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("accepted", accepted)
        writer.put("reason", reason)
        writer.put("message", message)
        writer.put("intervalMilliseconds", intervalMilliseconds)
        writer.put("incarnation", incarnation)
        writer.put("startID", startID)
        writer.put("revision", revision)
        if wantsInventory { writer.put("wantsInventory", wantsInventory) }
        return writer.json
    }
}

extension TunnelOpen: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        let reader = try ObjectReader(json)
        self.init(
            id: try reader.required("id"), verb: try reader.required("verb"),
            namespace: try reader.required("namespace"), task: try reader.required("task"),
            follow: try reader.value("follow", default: false), tailLines: try reader.optional("tailLines"),
            exec: try reader.optional("exec"))
    }

    package var json: JSON {
        var writer = ObjectWriter()
        writer.put("id", id)
        writer.put("verb", verb)
        writer.put("namespace", namespace)
        writer.put("task", task)
        writer.put("follow", follow)
        writer.put("tailLines", tailLines)
        writer.put("exec", exec)
        return writer.json
    }
}

extension Identifier: WireValue {
    package init(json: JSON) throws(DecodeFailure) {
        self.init(try String(json: json))
    }

    package var json: JSON { .string(rawValue) }
}
