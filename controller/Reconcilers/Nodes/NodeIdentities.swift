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
        package static let identityChanged = "NodeIdentityChanged"

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

    /// Accepts a heartbeat or says why not. `isLive`: the node counts as heard within the detection time.
    ///
    /// 1. Another machine is never believed; only confirm-dead makes room for it, by `forget`.
    /// 2. Another boot of the machine is believed once the last one is silent.
    /// 3. Within one boot, the agent that took over the journal of the last accepted one is believed at once, any other once
    ///    that one is silent.
    /// 4. An agent that was replaced is refused for ever.
    package mutating func admit(_ heartbeat: Heartbeat, isLive: Bool) -> Result<Void, Refusal> {
        guard var identity = known[heartbeat.node] else {
            known[heartbeat.node] = Identity(
                machineID: heartbeat.machineID, bootID: heartbeat.bootID, agentStart: heartbeat.agentStart)
            return .success(())
        }
        guard identity.machineID == heartbeat.machineID else {
            return refuse(
                """
                Node \(heartbeat.node) is known as another machine. Run `tidemill node confirm-dead \(heartbeat.node)` \
                when the old machine is gone for good, or give this one another name.
                """)
        }
        if identity.bootID != heartbeat.bootID {
            if isLive {
                return refuse(
                    "Another boot of node \(heartbeat.node) was heard a moment ago; two agents claim one identity.")
            }
            identity = Identity(machineID: heartbeat.machineID, bootID: heartbeat.bootID)
        }
        if identity.replaced.contains(heartbeat.agentStart) {
            return refuse("Another agent process has taken over node \(heartbeat.node).")
        }
        if let last = identity.agentStart, last != heartbeat.agentStart {
            if isLive, heartbeat.previousStart != last {
                return refuse(
                    """
                    Another agent process of node \(heartbeat.node) was heard a moment ago, and this one does not \
                    follow it; two agents claim one identity.
                    """)
            }
            identity.replaced.insert(last)
        }
        identity.agentStart = heartbeat.agentStart
        known[heartbeat.node] = identity
        return .success(())
    }

    /// Whether an inventory comes from the agent process that renews its node: not from a copy of it that is refused, nor
    /// from one that was replaced, nor from one that this controller has not heard.
    package func isAdmitted(_ inventory: Inventory) -> Bool {
        guard let identity = known[inventory.node], let start = identity.agentStart else { return false }
        return identity.machineID == inventory.machineID && identity.bootID == inventory.bootID
            && start == inventory.agentStart
    }

    private func refuse(_ message: String) -> Result<Void, Refusal> {
        .failure(Refusal(reason: Refusal.identityChanged, message: message))
    }
}
