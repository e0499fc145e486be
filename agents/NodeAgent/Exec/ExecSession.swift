import TidemillClient
import TidemillHostLinux
import TidemillModel
import TidemillSeams

/// One session: the process inside the slice, and the socket on which it speaks frames.
struct ExecSession: Sendable {
    let task: String
    let process: ProcessHandle
    let socket: StreamSocket
    /// What the process was told; removed at the end.
    let specPath: String
    let standstill: Standstill

    /// How long the process may take to end its command once the client is gone.
    private static let farewell: Duration = .seconds(5)

    private enum Step: Sendable {
        /// The client has said everything, or is gone.
        case clientEnded
        /// The process has said everything, and so have we.
        case processEnded
        /// The command cannot begin.
        case frozen
        case nothing
    }

    /// Passes frames both ways until both sides have ended, and leaves no process behind.
    func run(_ conversation: ExecConversation, sleep: @escaping Sleep) async {
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Step.self) { group in
            group.addTask {
                await passIn(conversation)
                return .clientEnded
            }
            group.addTask {
                await passOut(conversation, begins)
                return .processEnded
            }
            group.addTask { await standstill.holdsUp(begun, sleep: sleep) ? .frozen : .nothing }
            group.addTask {
                await keepAlive(conversation, sleep)
                return .nothing
            }
            var (hasClient, hasProcess) = (true, true)
            while hasClient || hasProcess, let step = await group.next() {
                switch step {
                case .clientEnded:
                    hasClient = false
                    if hasProcess {
                        // Nobody listens any more. The process ends its command, and itself.
                        await conversation.close()
                        socket.hangUp()
                    }
                case .processEnded:
                    // What it said is on its way; the controller ends the client's side once it is through.
                    hasProcess = false
                case .frozen:
                    await conversation.send(.failed(ExecPlan.Refusal.frozen(task).sentence))
                    await conversation.finish()
                    // The process ends what it began, if need be once the slice goes on.
                    socket.hangUp()
                case .nothing:
                    break
                }
            }
            group.cancelAll()
        }
        await end(sleep)
        // It may be gone with its slice.
        try? HostFile.remove(specPath)
    }

    /// Waits for the end of the process, and brings it about when that takes too long.
    private func end(_ sleep: @escaping Sleep) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await process.exit() }
            group.addTask {
                // Cancelled once the process has ended, or with the agent.
                try? await sleep(Self.farewell)
            }
            await group.next()
            group.cancelAll()
        }
        // It has ended already, as a rule.
        _ = try? process.signal(9)
        _ = await process.exit()
    }

    /// From the client to the process.
    private func passIn(_ conversation: ExecConversation) async {
        // Once the process is gone the rest is for nobody; its end is told by the other direction.
        var isOpen = true
        do {
            for try await frame in conversation.incoming where isOpen { isOpen = try await socket.write(frame.bytes) }
        } catch {
            // The connection broke, or the socket: either way nothing more comes from the client.
        }
    }

    /// From the process to the client, up to its last frame; ends `begins` with the first.
    private func passOut(_ conversation: ExecConversation, _ begins: AsyncStream<Void>.Continuation) async {
        defer { begins.finish() }
        var reader = ExecFrameReader()
        var isStarted = false
        do {
            while let bytes = try await socket.read() {
                reader.append(bytes)
                while let frame = try reader.next() {
                    await conversation.send(frame)
                    begins.finish()
                    if frame == .started { isStarted = true }
                    if frame.isLast { return await conversation.finish() }
                }
            }
        } catch {
            // What makes no sense is no end either: told below.
        }
        // It was killed before it could say how its command ended, and with it its command.
        await conversation.send(
            isStarted
                ? .exit(code: nil, signal: 9)
                : .failed("the session ended before its command ran: the task's log of complaints says more"))
        await conversation.finish()
    }

    /// Says from time to time that this side lives.
    private func keepAlive(_ conversation: ExecConversation, _ sleep: Sleep) async {
        while true {
            // Cancelled when the session is over.
            do { try await sleep(ExecConversation.keepAlive) } catch { return }
            guard await conversation.send(ExecConversation.alive) else { return }
        }
    }
}

extension ExecFrame {
    fileprivate var isLast: Bool {
        switch self {
        case .exit, .failed: true
        case .input, .output, .errors, .resize, .started: false
        }
    }
}
