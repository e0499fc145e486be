import Logging
import Synchronization
import Testing
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite struct NodeLifecycleTests {
    /// A clock that the test moves.
    final class HandTime: TimeSource {
        private let milliseconds = Atomic<Int64>(1_000_000)
        func now() -> Instant { Instant(nanoseconds: milliseconds.load(ordering: .relaxed) * 1_000_000) }
        func wall() -> WallTime { WallTime(nanosecondsSince1970: now().nanoseconds) }
        func move(_ step: Int64) { milliseconds.add(step, ordering: .relaxed) }
    }

    final class Counter: Randomness {
        private let value = Atomic<UInt64>(0)
        func next() -> UInt64 { value.add(1, ordering: .relaxed).newValue }
    }

    /// A list that cannot be written.
    struct FullLog: JoinLog {
        func nodes() async -> Set<NodeID> { [] }
        func join(_ node: NodeID) async throws(StoreError) { throw .full("no space") }
        func leave(_ node: NodeID) async throws(StoreError) { throw .full("no space") }
    }

    let time = HandTime()
    let joins = MemoryJoinLog()
    let mirror: ObjectMirror
    var resources: Resources { mirror.resources }

    init() async throws {
        mirror = ObjectMirror(Resources(store: MemoryStore(time: time), time: time, randomness: Counter()))
        try await mirror.resources.bootstrap()
    }

    /// A controller that has just started.
    func lifecycle(_ joins: (any JoinLog)? = nil) -> NodeLifecycle {
        NodeLifecycle(
            mirror: mirror, joins: joins ?? self.joins, sleep: { _ in throw CancellationError() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func heartbeat(_ node: String = "a", boot: String = "b1", machine: String = "m", agent: String = "p") -> Heartbeat {
        Heartbeat(
            node: NodeID(node), bootID: BootID(boot), machineID: machine, agentStart: agent,
            sentAt: time.now().nanoseconds, appliedRevision: .max)
    }

    func create(_ node: String = "a", _ state: Kinds.NodeState? = nil) async throws {
        let amounts = Kinds.ResourceAmounts(cpu: Quantity(milliCPU: 4000), memory: Quantity(bytes: 8 << 30))
        try await resources.transact([
            .create(
                Kinds.Node(
                    metadata: ObjectMeta(name: node), spec: Kinds.NodeSpec(),
                    status: Kinds.NodeStatus(state: state, allocatable: amounts, bootID: "b1", machineID: "m")))
        ])
    }

    func grant(_ name: String, on node: String = "a", _ policy: Kinds.DisconnectPolicy = .keep) async throws {
        let slice = Kinds.Slice(
            metadata: ObjectMeta(name: name, namespace: "default"),
            spec: Kinds.SliceSpec(
                request: Kinds.SliceRequest(cpu: Quantity(milliCPU: 1000), memory: Quantity(bytes: 1 << 30)),
                onDisconnect: Kinds.OnDisconnect(policy: policy)),
            status: Kinds.SliceStatus(
                state: .active,
                grant: Kinds.Grant(
                    node: node, bootID: "b1", epoch: 1, token: 1, sliceUID: name,
                    shares: [Kinds.Share(device: "d", cardUnits: "1/2", isolation: .enforced)], policy: policy,
                    after: policy == .stop ? APIDuration(.seconds(12)) : nil),
                activeAt: Timestamp(time.wall())))
        try await resources.transact([.create(slice)])
    }

    func node(_ name: String = "a") async throws -> Kinds.Node? {
        try await resources.read(Kinds.Node.self, name: name)
    }

    func slice(_ name: String) async throws -> Kinds.Slice? {
        try await resources.read(Kinds.Slice.self, namespace: "default", name: name)
    }

    /// Lets seconds pass; `heard` renew each second.
    func pass(_ seconds: Int, _ lifecycle: NodeLifecycle, heard: [String] = []) async {
        for _ in 0..<seconds {
            for _ in 0..<2 {
                time.move(500)
                await lifecycle.passTime()
            }
            for name in heard { _ = await lifecycle.heartbeat(heartbeat(name)) }
            await lifecycle.tick()
        }
    }

    // MARK: Joining

    @Test func `a node is among those that joined before its first renewal is acknowledged`() async throws {
        let lifecycle = lifecycle()
        #expect(await lifecycle.heartbeat(heartbeat()).accepted)
        #expect(await joins.nodes() == [NodeID("a")])
        let refused = await self.lifecycle(FullLog()).heartbeat(heartbeat())
        #expect(!refused.accepted && refused.reason == "JoinNotRecorded")
    }

    @Test func `a node leaves when its object is deleted and it is silent, and only then`() async throws {
        try await create()
        let lifecycle = lifecycle()
        await pass(2, lifecycle, heard: ["a"])
        _ = try await resources.delete(ObjectRef(kind: Kinds.Node.info, namespace: "", name: "a"))
        await pass(3, lifecycle, heard: ["a"])
        #expect(try await node() == nil)
        #expect(await joins.nodes() == [NodeID("a")])
        await pass(12, lifecycle)
        #expect(await joins.nodes() == [])
    }

    @Test func `a node that was never heard leaves with its object`() async throws {
        // As a restore makes it of the list of those that joined.
        await joins.join(NodeID("a"))
        try await create("a", nil)
        let lifecycle = lifecycle()
        await pass(1, lifecycle)
        _ = try await resources.delete(ObjectRef(kind: Kinds.Node.info, namespace: "", name: "a"))
        await pass(2, lifecycle)
        #expect(try await node() == nil)
        #expect(await joins.nodes() == [])
    }

    @Test func `a node with slices that is deleted stays until nothing is granted on it`() async throws {
        try await create()
        let lifecycle = lifecycle()
        await pass(1, lifecycle, heard: ["a"])
        try await grant("s")
        _ = try await resources.delete(ObjectRef(kind: Kinds.Node.info, namespace: "", name: "a"))
        await pass(2, lifecycle, heard: ["a"])
        #expect(try await node()?.metadata.isTerminating == true)
        var slice = try #require(try await slice("s"))
        slice.status.state = .released
        try await resources.transact([.updateStatus(slice)])
        await pass(1, lifecycle, heard: ["a"])
        #expect(try await node() == nil)
    }

    // MARK: A fresh controller

    @Test func `the first heartbeat after a start is judged by what the store knows`() async throws {
        try await create()
        let impostor = await lifecycle().heartbeat(heartbeat(machine: "other"))
        #expect(!impostor.accepted && impostor.reason == "NodeIdentityChanged")
    }

    @Test func `a started controller grants nothing before all that were up are heard, and a new one at once`()
        async throws
    {
        #expect(await lifecycle().permission() == .open)
        try await create("a", .ready)
        try await create("b", .suspect)
        try await create("c", .disconnected)
        let lifecycle = lifecycle()
        #expect(await lifecycle.permission().everything?.reason == "ControllerStarted")
        _ = await lifecycle.heartbeat(heartbeat("a"))
        #expect(await lifecycle.permission().everything != nil)
        _ = await lifecycle.heartbeat(heartbeat("b"))
        #expect(await lifecycle.permission() == .open)

        let other = self.lifecycle()
        _ = await other.permission()
        await pass(9, other)
        #expect(await other.permission().everything != nil)
        await pass(2, other)
        #expect(await other.permission() == .open)
    }

    // MARK: Rollback

    @Test func `an agent that has seen more than the store holds halts the controller`() async throws {
        try await create("a", .ready)
        let lifecycle = lifecycle()
        let reply = await lifecycle.heartbeat(heartbeat())
        var next = heartbeat()
        (next.incarnation, next.startID) = (reply.incarnation, reply.startID)
        // What the store has reached meanwhile is asked of it, not remembered.
        try await grant("s", .stop)
        next.lastRevision = await resources.store.currentRevision().rawValue
        #expect(await lifecycle.heartbeat(next).accepted)
        next.lastRevision = await resources.store.currentRevision().rawValue + 1
        let refused = await lifecycle.heartbeat(next)
        #expect(!refused.accepted && refused.reason == "ControllerRolledBack")
        #expect(await !lifecycle.heartbeat(heartbeat()).accepted)
        #expect(await lifecycle.permission().everything?.reason == "ControllerRolledBack")
        // Nothing is accepted from anyone, and nobody else concludes anything.
        await #expect(throws: APIError.self) { try await resources.checkAccepting() }
        #expect(await resources.isResting())
        await pass(30, lifecycle, heard: ["a"])
        #expect(try await slice("s")?.status.state == .active)
        let ready = try await node()?.status.conditions.first { $0.type == "Ready" }
        #expect(ready?.status == .unknown && ready?.reason == "ControllerRolledBack")
    }

    // MARK: Confirmed dead

    func confirm(_ boot: String) async throws {
        var node = try #require(try await node())
        node.spec.confirmedDead = Kinds.ConfirmedDead(bootID: boot)
        try await resources.transact([.update(node)])
    }

    @Test func `confirm-dead frees what the node held, and the node is back once it holds nothing`() async throws {
        try await create()
        var lifecycle = lifecycle()
        await pass(1, lifecycle, heard: ["a"])
        try await grant("s")
        await pass(20, lifecycle, heard: ["a"])
        await pass(10, lifecycle)
        #expect(try await node()?.status.state == .disconnected)
        // The restart changes nothing, though this controller never heard the node.
        lifecycle = self.lifecycle()
        try await confirm("b1")
        var seen: [Kinds.SliceState] = []
        for _ in 0..<4 {
            await lifecycle.tick()
            if let state = try await slice("s")?.status.state, seen.last != state { seen.append(state) }
        }
        #expect(seen == [.active, .lost, .released])
        #expect(try await node()?.status.state == .lost)
        // Active for 20 s and heard in each of them: between the first heartbeat after it was seen and the last, times a half.
        #expect(try await slice("s")?.status.cardSeconds == "9.000")
        #expect(await joins.nodes() == [NodeID("a")])

        let refused = await lifecycle.heartbeat(heartbeat())
        #expect(!refused.accepted && refused.reason == "NodeLost" && refused.wantsInventory)
        let grant = try #require(try await slice("s")?.status.grant)
        var inventory = Inventory(
            node: NodeID("a"), bootID: BootID("b1"), machineID: "m", agentStart: "p", highestEpoch: Epoch(1),
            held: [
                HeldReport(
                    uid: SliceUID("s"), namespace: "default", name: "s", member: nil, grant: grant, phase: .running)
            ])
        let reply = await lifecycle.take(inventory)
        #expect(reply.stop == [.init(uid: SliceUID("s"), epoch: Epoch(1), reason: "NodeLost")] && !reply.isSettled)
        inventory.held = []
        #expect(await lifecycle.take(inventory).isSettled)
        // It keeps its place until it is accepted.
        await lifecycle.tick()
        #expect(try await node()?.spec.confirmedDead != nil)
        #expect(await lifecycle.heartbeat(heartbeat()).accepted)
        await lifecycle.tick()
        #expect(try await node()?.spec.confirmedDead == nil)
        #expect(try await node()?.status.state == .ready)
        #expect(await !lifecycle.wantsInventory(NodeID("a")))
    }

    @Test func `another machine takes the place of one that is confirmed dead`() async throws {
        try await create("a", .disconnected)
        let lifecycle = lifecycle()
        #expect(await lifecycle.heartbeat(heartbeat(boot: "b2", machine: "other")).reason == "NodeIdentityChanged")
        try await confirm("b1")
        await lifecycle.tick()
        #expect(await lifecycle.heartbeat(heartbeat(boot: "b2", machine: "other")).reason == "NodeLost")
        let inventory = Inventory(
            node: NodeID("a"), bootID: BootID("b2"), machineID: "other", agentStart: "p", highestEpoch: Epoch(0),
            held: [])
        #expect(await lifecycle.take(inventory).isSettled)
        await lifecycle.tick()
        #expect(await lifecycle.heartbeat(heartbeat(boot: "b2", machine: "other")).accepted)
        await lifecycle.tick()
        #expect(try await node()?.spec.confirmedDead == nil)
        await lifecycle.tick()
        #expect(await lifecycle.heartbeat(heartbeat()).reason == "NodeIdentityChanged")
    }

    @Test func `the word on a node that is heard is taken back`() async throws {
        try await create()
        let lifecycle = lifecycle()
        await pass(2, lifecycle, heard: ["a"])
        try await grant("s")
        try await confirm("b1")
        await pass(2, lifecycle, heard: ["a"])
        #expect(try await node()?.spec.confirmedDead == nil)
        #expect(try await node()?.status.state == .ready)
        #expect(try await slice("s")?.status.state == .active)
        let events = try await resources.readAll(Kinds.Event.self).objects
        #expect(events.contains { $0.reason == "ConfirmedDeadIgnored" })
    }

    // MARK: Silence of many

    @Test func `three of three silent nodes lose nothing until one returns`() async throws {
        for name in ["a", "b", "c"] { try await create(name) }
        let lifecycle = lifecycle()
        await pass(2, lifecycle, heard: ["a", "b", "c"])
        try await grant("s", on: "a", .stop)
        await pass(40, lifecycle)
        #expect(try await slice("s")?.status.state == .active)
        #expect(await lifecycle.permission().replacements?.reason == "ControllerSuspect")
        for name in ["a", "b", "c"] {
            let ready = try await node(name)?.status.conditions.first { $0.type == "Ready" }
            #expect(ready?.reason == "ControllerSuspect")
        }
        await pass(2, lifecycle, heard: ["c"])
        #expect(try await slice("s")?.status.state == .lost)
        #expect(await lifecycle.permission().replacements == nil)
    }
}
