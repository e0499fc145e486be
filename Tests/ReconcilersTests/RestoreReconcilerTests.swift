import Logging
import Synchronization
import Testing
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore
import TidemillWire

/// A store that was restored, with the parts that bring it back, and inventories as agents send them.
private struct RestoredWorld {
    let resources: Resources
    let mirror: ObjectMirror
    /// The revision that the lost store had reached at the backup.
    let backupRevision: Revision

    /// `prepare` fills the store that is backed up.
    init(waitsFor nodes: [String], _ prepare: (Resources) async throws -> Void) async throws {
        let old = MemoryStore(incarnation: IncarnationID("old"))
        let before = Resources(store: old, time: SceneTime(), randomness: SceneRandomness())
        try await before.bootstrap()
        try await before.transact([.create(Kinds.Namespace(metadata: ObjectMeta(name: "lab")))])
        try await prepare(before)
        let snapshot = try await old.snapshot()
        backupRevision = snapshot.revision
        let store = MemoryStore(
            snapshot, start: StartID("second"), restoredAs: IncarnationID("new"),
            with: RestoreRecord(
                incarnation: IncarnationID("new"), waitsFor: nodes.map { NodeID($0) }, since: Timestamp(seconds: 5)))
        resources = Resources(store: store, time: SceneTime(), randomness: SceneRandomness())
        mirror = ObjectMirror(resources)
    }

    func reconciler() -> RestoreReconciler {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return RestoreReconciler(mirror: mirror, sleep: { _ in }, logger: logger)
    }

    func job() async throws -> Kinds.Job {
        try #require(try await resources.read(Kinds.Job.self, namespace: "lab", name: "j"))
    }

    /// The inventory of `node` with the given members of attempt 1, all granted with token 90.
    func inventory(_ node: String, running names: [String], of job: Kinds.Job) -> Inventory {
        let held = names.enumerated().map { place, name in
            HeldReport(
                uid: SliceUID("uid-\(name)"), namespace: "lab", name: name,
                member: Kinds.AttemptRef(
                    job: "j", jobUID: job.metadata.uid, index: Int64(String(name.suffix(1))) ?? 0, attempt: 1,
                    size: job.spec.gang.min),
                grant: Kinds.Grant(
                    node: node, bootID: "boot", epoch: Int64(4 + place), token: 90, sliceUID: "uid-\(name)",
                    shares: [Kinds.Share(device: "\(node)-cpu0", cardUnits: "1/8")], policy: .keep),
                phase: .running, startedAt: Timestamp(seconds: 3))
        }
        return Inventory(
            node: NodeID(node), bootID: BootID("boot"), machineID: "machine", agentStart: "start",
            highestEpoch: Epoch(7), held: held)
    }
}

private struct SceneTime: TimeSource {
    func now() -> Instant { Instant(nanoseconds: 1) }
    func wall() -> WallTime { WallTime(nanosecondsSince1970: 1_795_231_029_000_000_000) }
}

private final class SceneRandomness: Randomness {
    private let generator = Mutex(SeededGenerator(seed: 3))
    func next() -> UInt64 { generator.withLock { $0.next() } }
}

private func makeJob(_ members: Int64) throws -> Kinds.Job {
    Kinds.Job(
        metadata: ObjectMeta(name: "j", namespace: "lab"),
        spec: Kinds.JobSpec(
            gang: Kinds.Gang(min: members),
            slice: Kinds.SliceRequest(cpu: try Quantity(parsing: "1"), memory: try Quantity(parsing: "1Gi")),
            template: Kinds.TaskTemplate(command: ["true"])))
}

@Suite struct RestoreReconcilerTests {
    @Test func `a gang that runs is adopted once every node has reported, also across a restart`() async throws {
        let world = try await RestoredWorld(waitsFor: ["a", "b"]) { resources in
            try await resources.transact([
                .create(Kinds.Node(metadata: ObjectMeta(name: "a"))), .create(try makeJob(2)),
            ])
        }
        let job = try await world.job()
        let first = world.reconciler()
        #expect(await first.wantsInventory(of: NodeID("a")))
        let early = await first.take(world.inventory("a", running: ["j-1-0"], of: job))
        #expect(early.stop.isEmpty && !early.isSettled)
        await first.tick()
        let hold = await first.permission().everything
        #expect(hold?.reason == "RestoreIncomplete")
        #expect(hold?.message.contains("waiting for 1 of 2 nodes (b)") == true)
        #expect(try await world.resources.read(Kinds.Node.self, name: "b") != nil)
        #expect(try await world.resources.read(Kinds.Slice.self, namespace: "lab", name: "j-1-0") == nil)

        // Another process: it knows what the store says and nothing of what it was told.
        let second = world.reconciler()
        _ = await second.take(world.inventory("b", running: ["j-1-1"], of: job))
        for _ in 0..<4 { await second.tick() }
        #expect(await world.resources.isRestoring())
        _ = await second.take(world.inventory("a", running: ["j-1-0"], of: job))
        for _ in 0..<6 { await second.tick() }

        #expect(await !world.resources.isRestoring())
        #expect(await second.permission() == .open)
        let slice = try #require(try await world.resources.read(Kinds.Slice.self, namespace: "lab", name: "j-1-1"))
        #expect(slice.metadata.uid == "uid-j-1-1" && slice.status.state == .active)
        let restored = try await world.job()
        #expect(restored.status.gang == Kinds.GangRecord(attempt: 1, state: .started, nodes: ["a", "b"]))
        let key = NodeAllocation.key(NodeID("a"))
        let stored = try #require(try await world.resources.record(key))
        let record = try #require(NodeAllocation(stored: stored.value))
        #expect(record.epoch == Epoch(8) && record.held.map(\.slice) == ["j-1-0"])
        #expect((restored.revision?.rawValue ?? 0) > world.backupRevision.rawValue + 1 << 32)
    }

    @Test func `a gang that is not whole is ended, and the restore waits for it`() async throws {
        let world = try await RestoredWorld(waitsFor: ["a"]) { try await $0.transact([.create(try makeJob(2))]) }
        let job = try await world.job()
        let restore = world.reconciler()
        let held = world.inventory("a", running: ["j-1-0"], of: job)
        _ = await restore.take(held)
        for _ in 0..<4 { await restore.tick() }
        #expect(try await world.job().status.gang?.state == .abandoned)
        #expect(try await world.job().status.lastToken == 90)
        let told = await restore.take(held)
        #expect(told.stop == [InventoryReply.Stop(uid: SliceUID("uid-j-1-0"), epoch: Epoch(4), reason: "Restored")])
        #expect(await restore.permission().everything?.message.contains("until a has ended 1 slice") == true)
        for _ in 0..<4 { await restore.tick() }
        #expect(await world.resources.isRestoring())
        _ = await restore.take(world.inventory("a", running: [], of: job))
        for _ in 0..<4 { await restore.tick() }
        #expect(await !world.resources.isRestoring())
        #expect(try await world.job().status.gang?.attempt == 1)
    }

    @Test func `every agent is asked until it is told that all is in the store, and once after a restart`() async throws
    {
        let world = try await RestoredWorld(waitsFor: []) { _ in }
        let restore = world.reconciler()
        let empty = Inventory(
            node: NodeID("a"), bootID: BootID("boot"), machineID: "machine", agentStart: "start",
            highestEpoch: Epoch(0), held: [])
        #expect(await !restore.take(empty).isSettled)
        for _ in 0..<3 { await restore.tick() }
        #expect(await restore.wantsInventory(of: NodeID("a")))
        let last = await restore.take(empty)
        #expect(last.isSettled && last.incarnation == IncarnationID("new"))
        #expect(await !restore.wantsInventory(of: NodeID("a")))
        #expect(await restore.wantsInventory(of: NodeID("b")))
        #expect(await world.reconciler().wantsInventory(of: NodeID("a")))
    }

    @Test func `without a restore nothing is asked and nothing is held back`() async throws {
        let resources = Resources(store: MemoryStore(), time: SceneTime(), randomness: SceneRandomness())
        let restore = RestoreReconciler(
            mirror: ObjectMirror(resources), sleep: { _ in }, logger: Logger(label: "test"))
        #expect(await !restore.wantsInventory(of: NodeID("a")))
        #expect(await restore.permission() == .open)
        let before = await resources.store.currentRevision()
        await restore.tick()
        #expect(await resources.store.currentRevision() == before)
    }
}
