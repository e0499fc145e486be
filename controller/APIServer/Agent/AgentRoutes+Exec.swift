import HTTPTypes
import HummingbirdCore
import NIOCore
import TidemillModel
import TidemillSeams
import TidemillWire

/// Sessions inside tasks: two requests whose bodies are each other's answers. What travels is not looked at here.
///
/// A session ends in order: the agent's body ends, the client's answer shows it, the client ends its body, and only then is
/// its answer closed. A connection with unread bytes would be reset when it is closed, and the last frames lost with it.
extension AgentRoutes {
    /// How long a client may take to end its body once the agent has ended the session.
    static let farewell: Duration = .seconds(5)

    /// `POST …/tasks/NAME/exec`: the client's side.
    func exec(
        _ request: ExecRequest, in task: String, of namespace: String, on node: NodeID, _ call: Call
    ) async throws(APIError) -> Reply {
        let session = try await opened(node) {
            TunnelOpen(id: $0, verb: TunnelOpen.Verb.exec, namespace: namespace, task: task, exec: request)
        }
        let (hub, sleep, channel, body) = (hub, sleep, call.channel, call.request.body)
        return Reply(
            status: .ok, contentType: ExecRequest.mediaType,
            body: .stream { writer in
                let output = StreamWriter(writer, pacedBy: channel)
                try await whileConnected(channel, sleep: sleep, stop: { await hub.close(session) }) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            if let back = session.back { await Self.carry(body, into: back, drains: true) }
                        }
                        while let chunk = await session.pipe.next() { try await output.write(chunk) }
                        group.addTask { try await sleep(Self.farewell) }
                        try await group.next()
                        group.cancelAll()
                    }
                }
                try await writer.finish(nil)
            },
            afterwards: { await hub.close(session) })
    }

    /// The agent's side: its body is what the session says, the answer what the client sends.
    func joined(_ session: TunnelHub.Session, _ back: BytePipe<ByteBuffer>, _ call: Call) -> Reply {
        let (sleep, channel, body) = (sleep, call.channel, call.request.body)
        return Reply(
            status: .ok, contentType: ExecRequest.mediaType,
            body: .stream { writer in
                let output = StreamWriter(writer, pacedBy: channel)
                let stop: @Sendable () async -> Void = {
                    await session.pipe.finish()
                    await back.abandon()
                }
                try await whileConnected(channel, sleep: sleep, stop: stop) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            await Self.carry(body, into: session.pipe)
                            await back.abandon()
                        }
                        while let chunk = await back.next() { try await output.write(chunk) }
                        group.cancelAll()
                    }
                }
                try await writer.finish(nil)
            })
    }
}
