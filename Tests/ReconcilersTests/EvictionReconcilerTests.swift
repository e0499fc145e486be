import Logging
import Synchronization
import Testing
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore

@Suite struct EvictionReconcilerTests {
    private struct StillTime: TimeSource {
        func now() -> Instant { Instant(nanoseconds: 0) }
        func wall() -> WallTime { WallTime(nanosecondsSince1970: 1_000_000_000_000) }
    }

    private final class Counter: Randomness {
        private let value = Mutex<UInt64>(0)
        func next() -> UInt64 {
            value.withLock {
                $0 += 1
                return $0
            }
        }
    }

    /// Says what is allowed, and changes its mind when told so.
    private actor Authority {
        private var allowed = GrantPermission.open
        func permission() -> GrantPermission { allowed }
        func allow(_ next: GrantPermission) { allowed = next }
    }

    private let resources = Resources(store: MemoryStore(), time: StillTime(), randomness: Counter())
    private let authority = Authority()
    private let reconciler: EvictionReconciler

    /// A drained node with a running gang of two, as the store has it.
    init() async throws {
        let authority = authority
        reconciler = EvictionReconciler(
            mirror: ObjectMirror(resources), permission: { await authority.permission() }, sleep: { _ in },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await resources.bootstrap()
        var scene = EvictionScene()
        scene.node("a", drain: EvictionScene.drain())
        scene.job("j", on: ["a", "a"])
        scene.nodes[0].metadata = ObjectMeta(name: "a")
        scene.jobs[0].metadata = ObjectMeta(name: "j", namespace: "default")
        scene.jobs[0].spec.slice = Kinds.SliceRequest(
            cpu: try Quantity(parsing: "1"), memory: try Quantity(parsing: "1Gi"))
        try await resources.transact([.create(scene.nodes[0]), .create(scene.jobs[0])])
        let job = try #require(try await resources.read(Kinds.Job.self, namespace: "default", name: "j"))
        for var slice in scene.held {
            slice.metadata = ObjectMeta(name: slice.metadata.name, namespace: "default")
            slice.spec.member?.jobUID = job.metadata.uid
            slice.spec.request = scene.jobs[0].spec.slice
            slice.status.grant?.shares = [Kinds.Share(device: "a-cpu0", cardUnits: "1/8")]
            try await resources.transact([.create(slice)])
        }
    }

    private func states() async throws -> String {
        let slices = try await resources.readAll(Kinds.Slice.self).objects
        let job = try #require(try await resources.read(Kinds.Job.self, namespace: "default", name: "j"))
        let told = try await resources.readAll(Kinds.Node.self).objects.flatMap(\.status.conditions)
        return slices.map { "\($0.status.state.rawValue) \($0.status.reason ?? "-")" }.joined(separator: ", ")
            + "; evicted \(job.status.evictedAt.count) times; "
            + (told.first { $0.type == "Draining" }?.reason ?? "untold")
    }

    @Test func `what is planned is written, once`() async throws {
        await reconciler.tick()
        #expect(try await states() == "Releasing Drained, Releasing Drained; evicted 1 times; Evicting")
        await reconciler.tick()
        #expect(try await states() == "Releasing Drained, Releasing Drained; evicted 1 times; Evicting")
        let events = try await resources.readAll(Kinds.Event.self).objects.map(\.reason)
        #expect(events.sorted { ($0 ?? "") < ($1 ?? "") } == ["Draining", "Evicted"])
    }

    @Test(
        arguments: [
            GrantPermission(replacements: .init(reason: "ControllerSuspect", message: "3 of 9 fell silent.")),
            GrantPermission(everything: .init(reason: "ControllerRolledBack", message: "An older store.")),
        ])
    func `nothing is evicted while the controller withholds something, and all of it afterwards`(
        _ permission: GrantPermission
    ) async throws {
        await authority.allow(permission)
        await reconciler.tick()
        let reason = (permission.everything ?? permission.replacements)?.reason ?? ""
        #expect(try await states() == "Active -, Active -; evicted 0 times; \(reason)")
        // Nothing has changed in the store when it thaws.
        await reconciler.tick()
        await authority.allow(.open)
        await reconciler.tick()
        #expect(try await states() == "Releasing Drained, Releasing Drained; evicted 1 times; Evicting")
    }

    @Test func `nothing is done during a restore`() async throws {
        let record = RestoreRecord(incarnation: IncarnationID("new"), waitsFor: [], since: Timestamp(seconds: 1))
        try await resources.transact([.putRecord(key: RestoreRecord.key, record.json, expected: nil)])
        await reconciler.tick()
        #expect(try await states() == "Active -, Active -; evicted 0 times; untold")
    }
}
