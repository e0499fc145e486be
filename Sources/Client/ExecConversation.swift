import TidemillModel
import TidemillSeams
import TidemillWire

/// One side's view of a session in a task: frames that come, and frames that go, on one request in both directions.
///
/// A session's client and its agent both have one; the controller joins the two. Whoever opened it calls `close` at the end.
package struct ExecConversation: Sendable {
    /// What the other side says.
    package let incoming: ExecFrames
    private let outgoing: BytePipe<[UInt8]>

    /// How often each side says something, and after how long a silence of the other it counts as gone.
    package static let keepAlive: Duration = .seconds(15)
    package static let patience: Duration = .seconds(60)

    /// Says nothing, and so that this side lives: an output without bytes.
    package static let alive = ExecFrame.output([])

    fileprivate init(incoming: ExecFrames, outgoing: BytePipe<[UInt8]>) {
        self.incoming = incoming
        self.outgoing = outgoing
    }

    /// Sends a frame; waits while the other side does not read. False when it is gone.
    @discardableResult
    package func send(_ frame: ExecFrame) async -> Bool { await outgoing.send(frame.bytes) }

    /// This side has said everything; what it said still arrives.
    package func finish() async { await outgoing.finish() }

    /// Ends this side at once.
    package func close() async { await outgoing.abandon() }
}

/// Frames as they come. Ends with the other side's body.
package struct ExecFrames: AsyncSequence, Sendable {
    package typealias Element = ExecFrame
    package typealias Failure = ClientError

    let bytes: ByteStream

    package struct AsyncIterator: AsyncIteratorProtocol {
        var base: ByteStream.AsyncIterator
        var reader = ExecFrameReader()

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async throws(ClientError)
            -> ExecFrame?
        {
            while true {
                do throws(ExecFrameError) {
                    if let frame = try reader.next() { return frame }
                } catch {
                    throw .badAnswer("a frame of the session makes no sense: \(error)")
                }
                guard let chunk = try await base.next(isolation: actor) else { return nil }
                reader.append(chunk)
            }
        }

        package mutating func next() async throws(ClientError) -> ExecFrame? {
            try await next(isolation: nil)
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: bytes.makeAsyncIterator()) }
}

extension APIClient {
    /// Opens a session in a running task. Throws `.api` when the controller refuses it; whether the command runs is said by
    /// the first frame.
    package func exec(
        _ request: ExecRequest, in task: String, namespace: String
    ) async throws(ClientError) -> ExecConversation {
        let path = ObjectPath.object(Kinds.Task.info, namespace: namespace, name: task) + "/exec"
        return try await converse(
            APIRequest(
                .post, path, query: request.query, contentType: ExecRequest.mediaType, accept: "*/*",
                timeout: .seconds(30 * 86_400)))
    }

    /// An agent's answer to a `TunnelOpen` that asks for a session.
    package func answerExec(_ id: String) async throws(ClientError) -> ExecConversation {
        try await converse(
            APIRequest(
                .post, "/agent/v1/tunnel/\(Percent.encode(id))", contentType: ExecRequest.mediaType, accept: "*/*",
                timeout: .seconds(30 * 86_400)))
    }

    private func converse(_ request: APIRequest) async throws(ClientError) -> ExecConversation {
        let outgoing = BytePipe<[UInt8]>()
        do throws(ClientError) {
            return ExecConversation(
                incoming: ExecFrames(bytes: try await exchange(request, body: outgoing)), outgoing: outgoing)
        } catch {
            await outgoing.abandon()
            throw error
        }
    }
}
