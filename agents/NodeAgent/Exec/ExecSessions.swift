import Logging
import TidemillClient
import TidemillHostLinux
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillWire

/// Sessions inside running tasks: each is a `tidemill-shim exec` at the end of a socket, joined to a request that the agent
/// dials. A session ends with its command, its slice, its client, the tunnel or this agent, whichever is first.
package struct ExecSessions: Sendable {
    private let stateFolder: String
    private let boot: BootID
    private let launcher: ShimLauncher
    private let slices: SliceKeeper
    private let randomness: any Randomness
    private let sleep: Sleep
    private let logger: Logger

    package init(
        stateFolder: String, boot: BootID, launcher: ShimLauncher, slices: SliceKeeper, randomness: any Randomness,
        sleep: @escaping Sleep, logger: Logger
    ) {
        self.stateFolder = stateFolder
        self.boot = boot
        self.launcher = launcher
        self.slices = slices
        self.randomness = randomness
        self.sleep = sleep
        self.logger = logger
    }

    /// Serves the session that `open` asks for to its end.
    func serve(_ open: TunnelOpen, _ client: APIClient) async throws(ClientError) {
        let conversation = try await client.answerExec(open.id)
        do throws(ExecPlan.Refusal) {
            let session = try await start(open)
            let about: Logger.Metadata = [
                "task": "\(open.namespace)/\(open.task)", "pid": "\(session.process.pid)",
            ]
            logger.info("a session began", metadata: about)
            await session.run(conversation, sleep: sleep)
            logger.info("a session ended", metadata: about)
        } catch {
            await conversation.send(.failed(error.sentence))
            await conversation.finish()
            // The controller ends its side once it has passed that on; a connection that breaks ends it too.
            do { for try await _ in conversation.incoming {} } catch {}
        }
        await conversation.close()
    }

    private func start(_ open: TunnelOpen) async throws(ExecPlan.Refusal) -> ExecSession {
        guard let request = open.exec else { throw .init(sentence: "the controller did not say what to run") }
        guard let slice = await slices.slice(namespace: open.namespace, name: open.task) else {
            throw .init(sentence: "task \"\(open.task)\" does not run on this node")
        }
        let files = SliceFolder(stateFolder: stateFolder, key: slice.key)
        let path = "\(files.path)/exec-\(randomness.uuid())"
        do {
            let spec = try ExecPlan.spec(
                request, in: slice, boot: boot, shimSpec: HostFile.readIfPresent(files.spec, limit: 4 << 20),
                started: HostFile.readIfPresent(files.started, limit: 1 << 16))
            let standstill = Standstill(freezerFile: spec.groups.freezerFile)
            if standstill.isFrozen { throw ExecPlan.Refusal.frozen(open.task) }
            let (process, socket) = try launcher.launchSession(
                spec: spec.bytes(), specPath: path, complaintsPath: files.complaints)
            return ExecSession(
                task: open.task, process: process, socket: socket, specPath: path, standstill: standstill)
        } catch let refusal as ExecPlan.Refusal {
            throw refusal
        } catch {
            // Nothing reads it any more; that it is not there is no error.
            try? HostFile.remove(path)
            throw .init(sentence: "the session could not be started: \(error)")
        }
    }
}
