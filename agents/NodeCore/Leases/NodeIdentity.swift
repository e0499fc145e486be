import TidemillSeams

/// Who speaks for a node: its name, the machine, this boot of it, and this process of the agent.
package struct NodeIdentity: Hashable, Sendable {
    package var node: NodeID
    package var bootID: BootID
    /// Hardware UUID and the instance key of the agent's first start, hashed.
    package var machineID: String
    /// Id of this agent process.
    package var agentStart: String

    package init(node: NodeID, bootID: BootID, machineID: String, agentStart: String) {
        self.node = node
        self.bootID = bootID
        self.machineID = machineID
        self.agentStart = agentStart
    }
}
