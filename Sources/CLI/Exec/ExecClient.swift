import Foundation
import TidemillClient
import TidemillSeams
import TidemillWire

/// The person's side of a session: what is typed goes in, what the command says comes out, and its end becomes ours.
struct ExecClient: Sendable {
    let client: APIClient
    let namespace: String
    let task: String
    let request: ExecRequest
    /// Whether standard input goes to the command; else it reads the end of its input at once.
    let hasInput: Bool

    /// Exit status when the command could not be run, and when the session was cut before its end was known.
    static let notRun: Int32 = 126
    static let cut: Int32 = 255

    /// The exit status with which a shell would tell how a command ended.
    static func status(code: Int32?, signal: Int32?) -> Int32 {
        if let signal { return 128 + signal }
        return code ?? cut
    }

    /// Runs the session to its end and returns the exit status.
    func run() async throws -> Int32 {
        let conversation = try await client.exec(request, in: task, namespace: namespace)
        let heard = LastHeard()
        let (starts, started) = AsyncStream.makeStream(of: Void.self)
        return try await withThrowingTaskGroup(of: Int32?.self) { group in
            group.addTask { try await listen(conversation, heard, started) }
            group.addTask {
                for await _ in starts {}
                try await speak(conversation)
                return nil
            }
            group.addTask { try await heard.untilSilent(for: ExecConversation.patience) }
            if request.terminal != nil { group.addTask { await tellSizes(conversation) } }
            let result: Result<Int32, any Error>
            do {
                var status: Int32?
                while status == nil, let ended = try await group.next() { status = ended }
                result = .success(status ?? Self.cut)
            } catch {
                result = .failure(error)
            }
            // Whoever waits to send is let go.
            await conversation.close()
            group.cancelAll()
            return try result.get()
        }
    }

    /// Prints what the command says. Returns its exit status.
    private func listen(
        _ conversation: ExecConversation, _ heard: LastHeard, _ started: AsyncStream<Void>.Continuation
    ) async throws -> Int32 {
        var terminal: RawTerminal?
        defer { terminal?.restore() }
        do {
            for try await frame in conversation.incoming {
                await heard.something()
                switch frame {
                case .started:
                    if request.terminal != nil, hasInput { terminal = RawTerminal() }
                    started.finish()
                case .output(let bytes): try await print(bytes, to: 1, heard)
                case .errors(let bytes): try await print(bytes, to: 2, heard)
                case .exit(let code, let signal): return Self.status(code: code, signal: signal)
                case .failed(let sentence): throw Failure(sentence, status: Self.notRun)
                case .input, .resize: break
                }
            }
        } catch let error as ClientError {
            throw Failure("the session was cut: \(error)", status: Self.cut)
        }
        throw Failure("the session was cut: how the command ended is not known", status: Self.cut)
    }

    /// Whoever reads our output may take as long as they like; what comes meanwhile waits.
    private func print(_ bytes: [UInt8], to descriptor: Int32, _ heard: LastHeard) async throws {
        if bytes.isEmpty { return }
        await heard.pause(true)
        let isWritten = await StandardOutput.write(bytes, to: descriptor)
        await heard.pause(false)
        if !isWritten { throw Failure("", status: 128 + SIGPIPE) }
    }

    /// Passes on what is typed.
    private func speak(_ conversation: ExecConversation) async throws {
        if hasInput {
            let input = try StandardInput()
            while let bytes = await input.next() {
                for frame in ExecFrame.pieces(bytes, ExecFrame.input) {
                    guard await conversation.send(frame) else { return }
                }
            }
            if Task.isCancelled { return }
        } else if request.terminal != nil {
            // A terminal has no end of input; nothing is ever typed.
            return
        }
        await conversation.send(.input([]))
    }

    private func tellSizes(_ conversation: ExecConversation) async -> Int32? {
        for await _ in RawTerminal.changes() {
            guard let size = RawTerminal.size else { continue }
            await conversation.send(.resize(rows: size.rows, columns: size.columns))
        }
        return nil
    }
}

/// When the other side last said something. A session says from time to time that it lives.
private actor LastHeard {
    private var instant = ContinuousClock.now
    private var isPaused = false

    func something() { instant = .now }

    /// While we do not listen, silence says nothing.
    func pause(_ isPaused: Bool) {
        self.isPaused = isPaused
        instant = .now
    }

    /// Fails once nothing was heard for `limit`.
    func untilSilent(for limit: Duration) async throws -> Int32? {
        while isPaused || ContinuousClock.now - instant < limit { try await Task.sleep(for: .seconds(1)) }
        throw Failure("the session was cut: nothing was heard of it for \(limit)", status: ExecClient.cut)
    }
}
