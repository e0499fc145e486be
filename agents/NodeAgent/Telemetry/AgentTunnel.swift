import Logging
import ServiceLifecycle
import TidemillClient
import TidemillModel
import TidemillSeams
import TidemillWire

/// Brings logs and sessions to the controller without a port of our own: one control stream says what is wanted, and each
/// log and each session travels on a request that the agent dials.
package actor AgentTunnel: Service {
    private let client: APIClient
    private let slices: SliceKeeper
    private let logs: LogSource
    private let sessions: ExecSessions
    private let time: any TimeSource
    private let randomness: any Randomness
    private let sleep: Sleep
    private let logger: Logger
    private var lastHeard: Instant

    /// The controller sends an empty line every 10 s; after this silence the stream counts as dead.
    static let patience: Duration = .seconds(30)

    package init(
        client: APIClient, slices: SliceKeeper, logs: LogSource, sessions: ExecSessions, time: any TimeSource,
        randomness: any Randomness, sleep: @escaping Sleep, logger: Logger
    ) {
        self.client = client
        self.slices = slices
        self.logs = logs
        self.sessions = sessions
        self.time = time
        self.randomness = randomness
        self.sleep = sleep
        self.logger = logger
        lastHeard = time.now()
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.keep() }
    }

    private func keep() async {
        var backoff = Backoff(first: .milliseconds(200), most: .seconds(10))
        while !Task.isCancelled {
            let opened = time.now()
            do {
                try await serve()
            } catch {
                if Task.isCancelled { return }
                logger.debug("the tunnel broke", metadata: ["error": "\(error)"])
            }
            if time.now().since(opened) > .seconds(10) { backoff.reset() }
            // Cancelled while waiting: the loop's own condition ends it.
            try? await sleep(backoff.next(randomness.next()))
        }
    }

    /// One control stream, until it breaks or goes silent.
    private func serve() async throws {
        let request = APIRequest(.get, "/agent/v1/tunnel", timeout: .seconds(24 * 3600))
        let lines = try await client.stream(request).lines(limit: 128 << 10)
        lastHeard = time.now()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { sessions in
                    for try await line in lines {
                        await self.heard()
                        guard let open = try Self.request(line) else { continue }
                        sessions.addTask { await self.answer(open) }
                    }
                }
            }
            group.addTask { try await self.listenForSilence() }
            try await group.next()
            group.cancelAll()
        }
    }

    private func heard() { lastHeard = time.now() }

    private func listenForSilence() async throws {
        while time.now().since(lastHeard) < Self.patience { try await sleep(.seconds(5)) }
    }

    /// What a line asks for; nil for one that only says that the stream lives.
    static func request(_ line: [UInt8]) throws -> TunnelOpen? {
        guard !line.isEmpty else { return nil }
        let json = try JSON.parse(line)
        return json.object?.isEmpty == true ? nil : try TunnelOpen(json: json)
    }

    private func answer(_ open: TunnelOpen) async {
        do throws(ClientError) {
            if open.verb == TunnelOpen.Verb.exec {
                try await sessions.serve(open, client)
            } else {
                try await sendLog(open)
            }
        } catch {
            logger.debug(
                "a stream ended early",
                metadata: ["verb": "\(open.verb)", "task": "\(open.namespace)/\(open.task)", "error": "\(error)"])
        }
    }

    /// What is not known here is answered with nothing, as a log that is not there.
    private func sendLog(_ open: TunnelOpen) async throws(ClientError) {
        let request = APIRequest(
            .post, "/agent/v1/tunnel/\(Percent.encode(open.id))", contentType: "application/octet-stream",
            timeout: .seconds(24 * 3600))
        let body = await logs.log(open, of: slices, sleep: sleep)
        for try await _ in try await client.exchange(request, body: body) {}
    }
}
