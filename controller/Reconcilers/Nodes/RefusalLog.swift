import TidemillSeams
import TidemillWire

/// Which refusals of heartbeats were told already, so that only changes are logged: whoever is refused asks again with every
/// heartbeat. Bounded: a node has few agents, and of more than a few of them is told anew.
package struct RefusalLog: Sendable {
    /// Agent processes of one node that are remembered.
    static let most = 8

    /// By node and agent process, the reason.
    private var told: [NodeID: [String: String]] = [:]

    package init() {}

    /// Whether this reason was the last one told of this agent.
    package func hasTold(_ heartbeat: Heartbeat, _ reason: String) -> Bool {
        told[heartbeat.node]?[heartbeat.agentStart] == reason
    }

    /// An agent was refused; true when that is news.
    package mutating func refused(_ heartbeat: Heartbeat, _ reason: String) -> Bool {
        if hasTold(heartbeat, reason) { return false }
        if told[heartbeat.node, default: [:]].count >= Self.most { told[heartbeat.node] = nil }
        told[heartbeat.node, default: [:]][heartbeat.agentStart] = reason
        return true
    }

    /// An agent was accepted; true when that is news, because it was refused before.
    package mutating func accepted(_ heartbeat: Heartbeat) -> Bool {
        if told[heartbeat.node]?.removeValue(forKey: heartbeat.agentStart) == nil { return false }
        if told[heartbeat.node]?.isEmpty == true { told[heartbeat.node] = nil }
        return true
    }

    package mutating func forget(_ node: NodeID) {
        told[node] = nil
    }
}
