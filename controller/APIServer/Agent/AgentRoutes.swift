import HTTPTypes
import HummingbirdCore
import NIOCore
import TidemillModel
import TidemillSeams
import TidemillWire

/// The three connections of an agent: heartbeats, its control stream, and one stream for each log or session that it was
/// asked for.
struct AgentRoutes: Sendable {
    let hub: TunnelHub
    let heartbeats: any HeartbeatHandler
    let inventories: any InventoryHandler
    let sleep: Sleep

    /// Between two empty lines on a silent control stream, so that both ends notice a dead peer.
    static let keepAlive: Duration = .seconds(10)
    /// How long an agent may take to dial back.
    static let dialTime: Duration = .seconds(10)

    /// `POST /agent/v1/heartbeat`
    func heartbeat(_ call: Call) async throws(APIError) -> Reply {
        let node = try agent(call)
        let heartbeat: Heartbeat = try Self.decoded(try await call.tree(), as: "a heartbeat")
        guard heartbeat.node == node else {
            throw .forbidden("the certificate is of node \"\(node)\", the heartbeat of node \"\(heartbeat.node)\"")
        }
        return .json(await heartbeats.heartbeat(heartbeat).json)
    }

    /// `POST /agent/v1/inventory`
    func inventory(_ call: Call) async throws(APIError) -> Reply {
        let node = try agent(call)
        let inventory: Inventory = try Self.decoded(try await call.tree(), as: "an inventory")
        guard inventory.node == node else {
            throw .forbidden("the certificate is of node \"\(node)\", the inventory of node \"\(inventory.node)\"")
        }
        return .json(await inventories.inventory(inventory).json)
    }

    private static func decoded<Message: WireValue>(_ tree: JSON, as noun: String) throws(APIError) -> Message {
        do throws(DecodeFailure) {
            return try Message(json: tree)
        } catch {
            throw .badRequest("the body of the request is not \(noun): \(error)")
        }
    }

    /// `GET /agent/v1/tunnel`
    func tunnel(_ call: Call) async throws(APIError) -> Reply {
        let node = try agent(call)
        let (hub, sleep, channel) = (hub, sleep, call.channel)
        let (id, requests) = await hub.attach(node)
        return Reply(
            status: .ok, contentType: Reply.jsonType,
            body: .stream { writer in
                let lines = StreamWriter(writer)
                // The first line tells the agent that its stream is open.
                try await lines.write(ByteBuffer(string: "{}\n"))
                try await whileConnected(channel, sleep: sleep, stop: { await hub.detach(node, id: id) }) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            while true {
                                try await sleep(Self.keepAlive)
                                try await lines.write(ByteBuffer(string: "{}\n"))
                            }
                        }
                        group.addTask {
                            for await request in requests {
                                var line = ByteBuffer(bytes: request.json.bytes)
                                line.writeStaticString("\n")
                                try await lines.write(line)
                            }
                        }
                        try await group.next()
                        group.cancelAll()
                    }
                }
                try await writer.finish(nil)
            },
            afterwards: { await hub.detach(node, id: id) })
    }

    /// `POST /agent/v1/tunnel/{id}`: the body is what was asked for.
    func stream(_ id: String, _ call: Call) async throws(APIError) -> Reply {
        let node = try agent(call)
        let session = try await hub.accept(id, from: node)
        if let back = session.back { return joined(session, back, call) }
        // Answered when the log, or whoever reads it, ends.
        let isWanted = await Self.carry(call.request.body, into: session.pipe)
        return .json(["done": .bool(isWanted)])
    }

    /// `GET …/tasks/NAME/log`: waits for the agent of `node` to dial, then passes its bytes on.
    func log(
        of task: String, in namespace: String, on node: NodeID, _ call: Call
    ) async throws(APIError) -> Reply {
        let follow = try call.query.flag("follow")
        let tail = try call.query.integer("tailLines", in: 0...Int64.max)
        let session = try await opened(node) {
            TunnelOpen(id: $0, namespace: namespace, task: task, follow: follow, tailLines: tail)
        }
        let (hub, sleep, channel) = (hub, sleep, call.channel)
        return Reply(
            status: .ok, contentType: "text/plain; charset=utf-8",
            body: .stream { writer in
                let output = StreamWriter(writer, pacedBy: channel)
                try await whileConnected(channel, sleep: sleep, stop: { await hub.close(session) }) {
                    while let chunk = await session.pipe.next() { try await output.write(chunk) }
                }
                try await writer.finish(nil)
            },
            afterwards: { await hub.close(session) })
    }

    /// Opens what `request` says, and waits for the agent of `node` to dial.
    func opened(
        _ node: NodeID, _ request: @Sendable (_ id: String) -> TunnelOpen
    ) async throws(APIError) -> TunnelHub.Session {
        let session = try await hub.open(node, request)
        guard await hasDialled(session) else {
            await hub.close(session)
            throw .unavailable("the agent of node \"\(node)\" did not answer within \(Self.dialTime)")
        }
        return session
    }

    /// Puts a request's body into a pipe, up to the end of either; with `drains`, what nobody wants is read all the same.
    /// False when nobody reads the pipe any more.
    @discardableResult
    static func carry(_ body: RequestBody, into pipe: BytePipe<ByteBuffer>, drains: Bool = false) async -> Bool {
        var isWanted = true
        do {
            for try await chunk in body where chunk.readableBytes > 0 {
                if isWanted { isWanted = await pipe.send(chunk) }
                if !isWanted, !drains { break }
            }
        } catch {
            // The sender's connection broke: what came is all there is.
        }
        await pipe.finish()
        return isWanted
    }

    private func hasDialled(_ session: TunnelHub.Session) async -> Bool {
        let sleep = sleep
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in session.dialled {}
                return !Task.isCancelled
            }
            group.addTask {
                // Cancelled once the agent has dialled; either way this child's answer is no.
                try? await sleep(Self.dialTime)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }

    private func agent(_ call: Call) throws(APIError) -> NodeID {
        guard let node = call.peer.node else {
            throw .forbidden("User \"\(call.peer.user)\" is not the agent of a node")
        }
        return node
    }
}
