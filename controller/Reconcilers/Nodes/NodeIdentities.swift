import TidemillSeams
import TidemillWire

/// Decides whether a heartbeat comes from the node that it names: one machine, one live agent (section 4, Boot).
package struct NodeIdentities: Sendable {
    /// What the controller knows of a node's agent.
    package struct Identity: Sendable, Equatable {
        package var machineID: String
        package var bootID: BootID
        /// The agent process that renews; nil until one was heard by this controller.
        package var agentStart: String?
        /// Agent processes that another one of the same boot has replaced.
        package var replaced: Set<String> = []
    }

    /// Why a heartbeat is not accepted.
    package struct Refusal: Error, Sendable, Equatable {
        package var reason: String
        package var message: String
    }

    private var known: [NodeID: Identity] = [:]

    package init() {}

    /// Learns what the store says of a node; what was heard since then counts more.
    package mutating func learn(_ node: NodeID, machineID: String, bootID: BootID) {
        if known[node] == nil { known[node] = Identity(machineID: machineID, bootID: bootID) }
    }

    package mutating func forget(_ node: NodeID) {
        known[node] = nil
    }

    /// Accepts a heartbeat or says why not. `isLive`: an agent of the node was heard within the detection time.
    ///
    /// Another boot of the same machine is believed once the last one is silent; another machine never is. Within one boot
    /// a restarted agent takes over at once, since a lock on the state folder keeps two from living on one machine; the
    /// one that it replaced is refused for ever.
    package mutating func admit(_ heartbeat: Heartbeat, isLive: Bool) -> Result<Void, Refusal> {
        guard var identity = known[heartbeat.node] else {
            known[heartbeat.node] = Identity(
                machineID: heartbeat.machineID, bootID: heartbeat.bootID, agentStart: heartbeat.agentStart)
            return .success(())
        }
        guard identity.machineID == heartbeat.machineID else {
            return .failure(
                Refusal(
                    reason: "NodeIdentityChanged",
                    message: """
                        Node \(heartbeat.node) is known as another machine. Delete the Node when the old machine is \
                        gone for good, or give this one another name.
                        """))
        }
        if identity.bootID != heartbeat.bootID {
            if isLive, identity.agentStart != nil {
                return .failure(
                    Refusal(
                        reason: "NodeIdentityChanged",
                        message:
                            "Another boot of node \(heartbeat.node) was heard a moment ago; two agents claim one identity."
                    ))
            }
            identity = Identity(machineID: heartbeat.machineID, bootID: heartbeat.bootID)
        }
        if identity.replaced.contains(heartbeat.agentStart) {
            return .failure(
                Refusal(
                    reason: "NodeIdentityChanged",
                    message: "Another agent process has taken over node \(heartbeat.node)."))
        }
        if let last = identity.agentStart, last != heartbeat.agentStart { identity.replaced.insert(last) }
        identity.agentStart = heartbeat.agentStart
        known[heartbeat.node] = identity
        return .success(())
    }
}
