import NIOCore
import TidemillModel
import TidemillSeams
import TidemillWire

/// Joins clients that want a task's log, or a session inside it, with the agents that have it. Agents open no port: each
/// keeps a control stream here, is told over it what is wanted, and dials back.
package actor TunnelHub {
    /// One log on its way from an agent to a client, or a session whose bytes go both ways.
    struct Session: Sendable {
        let id: String
        let node: NodeID
        /// From the agent to the client.
        let pipe: BytePipe<ByteBuffer>
        /// From the client to the agent; nil for a log.
        let back: BytePipe<ByteBuffer>?
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

    /// Asks the agent of `node` for something of a task; `request` gets the id of it. Throws `.unavailable` without its
    /// control stream, and `.tooManyRequests` beyond the limits.
    func open(_ node: NodeID, _ request: @Sendable (_ id: String) -> TunnelOpen) throws(APIError) -> Session {
        guard let tunnel = tunnels[node] else {
            throw .unavailable("the agent of node \"\(node)\" is not connected; try again once it is")
        }
        guard sessions.count < limits.logStreams,
            sessions.values.count(where: { $0.node == node }) < limits.logStreamsPerNode
        else { throw .tooManyRequests(retryAfterSeconds: 1) }
        let id = randomness.uuid()
        let open = request(id)
        let (dialled, dial) = AsyncStream<Void>.makeStream()
        let session = Session(
            id: id, node: node, pipe: BytePipe(), back: open.exec == nil ? nil : BytePipe(), dialled: dialled,
            dial: dial)
        sessions[id] = session
        tunnel.requests.yield(open)
        return session
    }

    /// The agent of `node` answers the request `id`. Throws `.notFound` for one that is not waiting, or not for this node.
    func accept(_ id: String, from node: NodeID) throws(APIError) -> Session {
        guard let session = sessions[id], session.node == node else {
            throw .notFound(resource: "tunnel", name: id)
        }
        session.dial.finish()
        return session
    }

    /// The session is over, whichever side ended it.
    func close(_ session: Session) async {
        sessions[session.id] = nil
        session.dial.finish()
        await session.pipe.abandon()
        await session.back?.abandon()
    }
}
