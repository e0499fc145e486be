import NIOCore
import TidemillModel
import TidemillSeams
import TidemillWire

/// Joins clients that want to read a task's log with the agents that have it. Agents open no port: each keeps a control
/// stream here, is told over it what is wanted, and dials back.
package actor TunnelHub {
    /// One log on its way from an agent to a client.
    struct Session: Sendable {
        let id: String
        let node: NodeID
        let pipe: LogPipe
        /// Ends when the agent has dialled.
        let dialled: AsyncStream<Void>
        fileprivate let dial: AsyncStream<Void>.Continuation
    }

    private struct Tunnel {
        var id: UInt64
        var requests: AsyncStream<TunnelOpen>.Continuation
    }

    private let randomness: any Randomness
    private let limits: ServerLimits
    private var tunnels: [NodeID: Tunnel] = [:]
    private var sessions: [String: Session] = [:]
    private var nextTunnel: UInt64 = 0

    package init(randomness: any Randomness, limits: ServerLimits = ServerLimits()) {
        self.randomness = randomness
        self.limits = limits
    }

    /// The nodes whose agents hold a control stream, in order of name.
    package var connectedNodes: [NodeID] { tunnels.keys.sorted() }

    /// Opens the control stream of `node`. A stream that the node already held ends: its agent has a new one.
    func attach(_ node: NodeID) -> (id: UInt64, requests: AsyncStream<TunnelOpen>) {
        let (requests, continuation) = AsyncStream.makeStream(
            of: TunnelOpen.self, bufferingPolicy: .bufferingOldest(limits.logStreamsPerNode))
        nextTunnel += 1
        tunnels.updateValue(Tunnel(id: nextTunnel, requests: continuation), forKey: node)?.requests.finish()
        return (nextTunnel, requests)
    }

    /// Forgets the control stream `id`, unless a newer one took its place, and ends it.
    func detach(_ node: NodeID, id: UInt64) {
        guard let tunnel = tunnels[node], tunnel.id == id else { return }
        tunnel.requests.finish()
        tunnels[node] = nil
    }

    /// Asks the agent of `node` for the log of a task. Throws `.unavailable` without its control stream, and
    /// `.tooManyRequests` beyond the limits.
    func open(
        _ node: NodeID, namespace: String, task: String, follow: Bool, tailLines: Int64?
    ) throws(APIError) -> Session {
        guard let tunnel = tunnels[node] else {
            throw .unavailable("the agent of node \"\(node)\" is not connected; its logs can be read once it is")
        }
        guard sessions.count < limits.logStreams,
            sessions.values.count(where: { $0.node == node }) < limits.logStreamsPerNode
        else { throw .tooManyRequests(retryAfterSeconds: 1) }
        let id = randomness.uuid()
        let (dialled, dial) = AsyncStream<Void>.makeStream()
        let session = Session(id: id, node: node, pipe: LogPipe(), dialled: dialled, dial: dial)
        sessions[id] = session
        tunnel.requests.yield(
            TunnelOpen(id: id, namespace: namespace, task: task, follow: follow, tailLines: tailLines))
        return session
    }

    /// The agent of `node` answers the request `id`. Throws `.notFound` for one that is not waiting, or not for this node.
    func accept(_ id: String, from node: NodeID) throws(APIError) -> LogPipe {
        guard let session = sessions[id], session.node == node else {
            throw .notFound(resource: "tunnel", name: id)
        }
        session.dial.finish()
        return session.pipe
    }

    /// The session is over, whichever side ended it.
    func close(_ session: Session) async {
        sessions[session.id] = nil
        session.dial.finish()
        await session.pipe.abandon()
    }
}
