import Logging
import Synchronization
import Testing
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore
import TidemillWire

/// Lines that were logged.
private final class Lines: Sendable {
    private let kept = Mutex<[String]>([])

    var logger: Logger {
        Logger(label: "test") { _ in Handler(lines: self) }
    }

    func append(_ line: String) { kept.withLock { $0.append(line) } }

    func taken() -> [String] {
        kept.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let reason = event.metadata?["reason"].map { "\($0)" } ?? ""
            lines.append("\(event.level): \(event.message): \(reason)")
        }
    }
}

/// A log of joins whose first leave waits until the test lets it go.
private actor SlowLog: JoinLog {
    private var joined: Set<NodeID>
    private let letGo: AsyncStream<Void>
    private let leaving: AsyncStream<Void>.Continuation
    private var isFirst = true

    init(_ nodes: Set<NodeID>, letGo: AsyncStream<Void>, leaving: AsyncStream<Void>.Continuation) {
        joined = nodes
        self.letGo = letGo
        self.leaving = leaving
    }

    func nodes() -> Set<NodeID> { joined }
    func join(_ node: NodeID) { joined.insert(node) }

    func leave(_ node: NodeID) async {
        joined.remove(node)
        guard isFirst else { return }
        isFirst = false
        leaving.finish()
        for await _ in letGo {}
    }
}

/// A log of joins that counts how often it is read.
private actor CountingLog: JoinLog {
    private(set) var reads = 0

    func nodes() async -> Set<NodeID> {
        reads += 1
        // So that whoever would read it, too, comes to it.
        for _ in 0..<1000 { await Task.yield() }
        return []
    }
    func join(_ node: NodeID) {}
    func leave(_ node: NodeID) {}
}

@Suite struct FleetTests {
    private let time = NodeLifecycleTests.HandTime()
    private let lines = Lines()

    /// A store that was restored from a backup, and waits for what node a holds.
    private func restored() async throws -> ObjectMirror {
        let old = MemoryStore(incarnation: IncarnationID("old"))
        try await Resources(store: old, time: time, randomness: NodeLifecycleTests.Counter()).bootstrap()
        let store = MemoryStore(
            try await old.snapshot(), start: StartID("second"), restoredAs: IncarnationID("new"),
            with: RestoreRecord(
                incarnation: IncarnationID("new"), waitsFor: [NodeID("a")], since: Timestamp(seconds: 5)))
        return ObjectMirror(Resources(store: store, time: time, randomness: NodeLifecycleTests.Counter()))
    }

    private func lifecycle(_ mirror: ObjectMirror, _ joins: any JoinLog = MemoryJoinLog()) -> NodeLifecycle {
        NodeLifecycle(
            mirror: mirror, joins: joins, sleep: { _ in throw CancellationError() }, logger: lines.logger)
    }

    private func fleet(_ mirror: ObjectMirror) -> Fleet {
        Fleet(
            lifecycle: lifecycle(mirror),
            restore: RestoreReconciler(mirror: mirror, sleep: { _ in }, logger: lines.logger))
    }

    private func heartbeat(
        _ node: String = "a", boot: String = "b1", machine: String = "m", agent: String = "p",
        previous: String? = nil
    ) -> Heartbeat {
        Heartbeat(
            node: NodeID(node), bootID: BootID(boot), machineID: machine, agentStart: agent, previousStart: previous,
            sentAt: time.now().nanoseconds, appliedRevision: .max)
    }

    private func inventory(boot: String = "b1", machine: String = "m", agent: String = "p") -> Inventory {
        Inventory(
            node: NodeID("a"), bootID: BootID(boot), machineID: machine, agentStart: agent, highestEpoch: Epoch(0),
            held: [])
    }

    // MARK: Inventories

    @Test func `during a restore only the agent that renews its node says what the node holds`() async throws {
        let mirror = try await restored()
        let fleet = fleet(mirror)
        // Before any heartbeat of this controller's.
        #expect(await !fleet.inventory(inventory()).isSettled)
        for _ in 0..<3 { await fleet.restore.tick() }
        #expect(await mirror.resources.isRestoring())

        #expect(await fleet.heartbeat(heartbeat()).wantsInventory)
        #expect(await fleet.heartbeat(heartbeat(agent: "clone")).reason == "NodeIdentityChanged")
        for refused in [inventory(agent: "clone"), inventory(boot: "b2"), inventory(machine: "other")] {
            let reply = await fleet.inventory(refused)
            #expect(!reply.isSettled && reply.stop.isEmpty && reply.incarnation == IncarnationID("new"))
            for _ in 0..<3 { await fleet.restore.tick() }
            #expect(await mirror.resources.isRestoring(), "believed \(refused)")
        }

        // The admitted one's successor takes its place, and what it said before comes too late.
        #expect(await fleet.heartbeat(heartbeat(agent: "q", previous: "p")).accepted)
        _ = await fleet.inventory(inventory())
        for _ in 0..<3 { await fleet.restore.tick() }
        #expect(await mirror.resources.isRestoring())
        _ = await fleet.inventory(inventory(agent: "q"))
        for _ in 0..<3 { await fleet.restore.tick() }
        #expect(await !mirror.resources.isRestoring())
        #expect(await !fleet.inventory(inventory()).isSettled)
        #expect(await fleet.heartbeat(heartbeat(agent: "q")).wantsInventory)
        #expect(await fleet.inventory(inventory(agent: "q")).isSettled)
        #expect(await !fleet.heartbeat(heartbeat(agent: "q")).wantsInventory)
    }

    @Test func `a halted controller believes no inventory`() async throws {
        let mirror = try await restored()
        let fleet = fleet(mirror)
        #expect(await fleet.heartbeat(heartbeat()).accepted)
        var other = heartbeat("b")
        (other.incarnation, other.startID) = (IncarnationID("new"), StartID("never"))
        #expect(await fleet.heartbeat(other).reason == "ControllerRolledBack")
        _ = await fleet.inventory(inventory())
        for _ in 0..<3 { await fleet.restore.tick() }
        #expect(await mirror.resources.isRestoring())
    }

    // MARK: What is logged

    @Test func `a refused agent is told of in the log once, and again when the reason changes`() async throws {
        let mirror = ObjectMirror(
            Resources(store: MemoryStore(time: time), time: time, randomness: NodeLifecycleTests.Counter()))
        try await mirror.resources.bootstrap()
        let lifecycle = lifecycle(mirror)
        _ = await lifecycle.heartbeat(heartbeat())
        #expect(lines.taken() == [])
        // The refused one and the accepted one take turns.
        for _ in 0..<20 {
            #expect(await !lifecycle.heartbeat(heartbeat(agent: "clone")).accepted)
            #expect(await lifecycle.heartbeat(heartbeat()).accepted)
        }
        #expect(lines.taken() == ["warning: heartbeats refused: NodeIdentityChanged"])

        // Once the first is silent the other takes its place; the one that was replaced is told of in its turn.
        for _ in 0..<30 {
            time.move(500)
            await lifecycle.passTime()
        }
        for _ in 0..<3 { #expect(await lifecycle.heartbeat(heartbeat(agent: "clone")).accepted) }
        #expect(lines.taken() == ["info: heartbeats accepted: "])
        for _ in 0..<3 { #expect(await !lifecycle.heartbeat(heartbeat()).accepted) }
        #expect(lines.taken() == ["warning: heartbeats refused: NodeIdentityChanged"])
    }

    @Test func `what is remembered of refused agents is bounded`() {
        var log = RefusalLog()
        for number in 0..<100 {
            let isNews = log.refused(heartbeat(agent: "p\(number)"), "R")
            #expect(isNews)
            let told = (0...number).count { log.hasTold(heartbeat(agent: "p\($0)"), "R") }
            #expect((1...8).contains(told))
        }
    }

    // MARK: The start

    @Test func `agents that ask at once after a start are answered from one look at the store`() async throws {
        let mirror = ObjectMirror(
            Resources(store: MemoryStore(time: time), time: time, randomness: NodeLifecycleTests.Counter()))
        try await mirror.resources.bootstrap()
        let joins = CountingLog()
        let lifecycle = lifecycle(mirror, joins)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask { await lifecycle.heartbeat(self.heartbeat("n\(number)")).accepted }
            }
            for await isAccepted in group { #expect(isAccepted) }
        }
        #expect(await joins.reads == 1)
    }

    // MARK: Leaving

    @Test func `a node that is heard while another is struck off stays among those that joined`() async throws {
        let mirror = ObjectMirror(
            Resources(store: MemoryStore(time: time), time: time, randomness: NodeLifecycleTests.Counter()))
        try await mirror.resources.bootstrap()
        for name in ["a", "b"] {
            try await mirror.resources.transact([.create(Kinds.Node(metadata: ObjectMeta(name: name)))])
        }
        let (letGo, go) = AsyncStream<Void>.makeStream()
        let (isLeaving, leaving) = AsyncStream<Void>.makeStream()
        let joins = SlowLog([NodeID("a"), NodeID("b")], letGo: letGo, leaving: leaving)
        let lifecycle = lifecycle(mirror, joins)
        await lifecycle.tick()
        for name in ["a", "b"] {
            _ = try await mirror.resources.delete(ObjectRef(kind: Kinds.Node.info, namespace: "", name: name))
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<3 { await lifecycle.tick() }
                go.finish()
            }
            group.addTask {
                for await _ in isLeaving {}
                #expect(await lifecycle.heartbeat(self.heartbeat("b")).accepted)
                go.finish()
            }
        }
        #expect(await joins.nodes() == [NodeID("b")])
    }
}
