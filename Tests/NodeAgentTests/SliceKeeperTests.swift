import Logging
import Synchronization
import Testing
import TidemillClient
import TidemillLease
import TidemillModel
import TidemillNodeAgent
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams

/// A machine on which one task runs until it is asked to end.
private actor OneTaskHost: SliceHost {
    private let asked: AsyncStream<Void>
    private let ask: AsyncStream<Void>.Continuation
    nonisolated let watched: AsyncStream<Void>
    private let watch: AsyncStream<Void>.Continuation

    init() {
        (asked, ask) = AsyncStream.makeStream()
        (watched, watch) = AsyncStream.makeStream()
    }

    func prepare(_ slice: HeldSlice) -> SliceProof? { nil }
    func bind(_ bindings: CPUBindings) {}
    func probe(_ slice: HeldSlice) -> SliceProof? { nil }
    func start(
        _ slice: HeldSlice, _ template: Kinds.TaskTemplate, deadline: Deadline?
    ) throws(SliceHostError) -> RunningTask { throw .failed("nothing is started here") }
    func end(of slice: HeldSlice, _ task: RunningTask) async -> Remains {
        watch.finish()
        for await _ in asked {}
        return Remains(outcome: Scene.completed)
    }
    func askToEnd(_ task: RunningTask) { ask.finish() }
    func kill(_ task: RunningTask) { ask.finish() }
    func isAlive(_ key: SliceKey, _ task: RunningTask) -> Bool { true }
    func freeze(_ key: SliceKey) -> Bool { true }
    func thaw(_ key: SliceKey) {}
    func empty(_ slice: HeldSlice) -> ScrubRecord? { ScrubRecord() }
    func remains(of key: SliceKey) -> Remains { Remains(running: Scene.task, startedAt: Scene.task.startedAt) }
    func found() -> [SliceKey] { [Scene.key] }
    func capLogs(_ tenants: [SliceKey: String]) {}
    func discard(_ key: SliceKey) {}

    /// Waits until the task was asked to end.
    func end() async { for await _ in asked {} }
}

private struct OneRandomness: Randomness {
    func next() -> UInt64 { 7 }
}

@Suite struct SliceKeeperTests {
    private struct SceneTime: TimeSource {
        func now() -> Instant { Scene.instant(1000) }
        func wall() -> WallTime { Scene.wall(1000) }
    }

    /// Signed by itself and trusted by nobody: a client needs some.
    private static let credentials = Credentials(
        authorityPEM: certificate, certificatePEM: certificate,
        keyPEM: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAXDu0pXqqaZbYTZO
            qglM48bIKN8iHUyuchlCgxMUFwahRANCAASco9WVK/S7SHXvJ9CpHh2wUgD9BQrT
            mI3jC4jE37JDaJEb8dfK866uvt6l691z9sx6xCuh82lFzc7DuDLBcsFJ
            -----END PRIVATE KEY-----
            """)
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBdTCCARugAwIBAgIUFycYFzN/FEsgCh0WBrEb86H7gYcwCgYIKoZIzj0EAwIw
        DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjEwODUxMDJaGA8yMTI2MTAyODA4NTEw
        MlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJyj
        1ZUr9LtIde8n0KkeHbBSAP0FCtOYjeMLiMTfskNokRvx18rzrq6+3qXr3XP2zHrE
        K6HzaUXNzsO4MsFywUmjUzBRMB0GA1UdDgQWBBTmBh11j43VFal/g8+BYBktjzdT
        /jAfBgNVHSMEGDAWgBTmBh11j43VFal/g8+BYBktjzdT/jAPBgNVHRMBAf8EBTAD
        AQH/MAoGCCqGSM49BAMCA0gAMEUCIQCpMzmjyv5Y/by57XzmnFPCZqcwN4x1+JEo
        8WiI+hDrQQIgFv4VfYS73plstif0w/uAKOAM6u1huSWqE8X+OStnpng=
        -----END CERTIFICATE-----
        """

    @Test(.timeLimit(.minutes(1)))
    func `a task is ended also when the journal cannot be written`() async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let host = OneTaskHost()
        let sleep: Sleep = { _ in
            // Until the test is over: nothing here waits for time.
            for await _ in AsyncStream<Void>.makeStream().stream {}
            throw CancellationError()
        }
        // Never reached: a core that was not admitted tells nothing.
        let client = try APIClient(
            endpoint: Endpoint(url: "https://127.0.0.1:1", credentials: Self.credentials), userAgent: "test")
        var contents = SliceJournal.Contents()
        contents.held = [Scene.held(.active(Scene.task))]
        let keeper = SliceKeeper(
            core: Scene().core,
            identity: NodeIdentity(node: NodeID("n"), bootID: Scene.boot, machineID: "m", agentStart: "p"),
            journal: SliceJournal(path: "/dev/null/journal.sqlite"), contents: contents, host: host,
            writer: ReportWriter(
                client: client, patches: StatusPatch(node: NodeID("n"), grade: .enforced, unenforced: []),
                time: SceneTime(), randomness: OneRandomness(), sleep: sleep, logger: logger),
            time: SceneTime(), sleep: sleep, logger: logger)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // Ended by the cancellation below.
                try? await keeper.run()
            }
            for await _ in host.watched {}
            await keeper.feed(.seen(Scene.view(.releasing)))
            await host.end()
            group.cancelAll()
        }
        await client.shutdown()
    }
}
