import Logging
import Synchronization
import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillScheduler
import TidemillSeams
import TidemillStore
import TidemillWire

/// A clock that stands at 1970-01-01T00:16:40Z.
struct FixedTime: TimeSource {
    func now() -> Instant { Instant(nanoseconds: 0) }
    func wall() -> WallTime { WallTime(nanosecondsSince1970: 1_000_000_000_000) }
}

/// Numbers that differ, the same ones each time.
final class CountedRandomness: Randomness {
    private let counter = Atomic<UInt64>(0)

    func next() -> UInt64 {
        var generator = SeededGenerator(seed: counter.wrappingAdd(1, ordering: .relaxed).newValue)
        return generator.next()
    }
}

/// Runs `during` when the scheduler asks for agreement, which is between its plan and its writes.
struct Interruption: GrantAuthority {
    var agrees = true
    var allows = GrantPermission.open
    var during: @Sendable () async -> Void = {}

    func agree(after: Duration, on nodes: [NodeID]) async -> Bool {
        await during()
        return agrees
    }

    func permission() async -> GrantPermission { allows }
}

/// A store with nodes, a waiting job and its slices.
struct Scene {
    let resources: Resources
    let mirror: ObjectMirror

    init(nodes: [String] = ["a"]) async throws {
        resources = Resources(store: MemoryStore(), time: FixedTime(), randomness: CountedRandomness())
        mirror = ObjectMirror(resources)
        try await resources.bootstrap()
        for name in nodes {
            let amounts = Kinds.DeviceAmounts(cpu: Quantity(milliCPU: 100_000), memory: Quantity(bytes: 1 << 40))
            try await resources.transact([
                .create(
                    Kinds.Node(
                        metadata: ObjectMeta(name: name), spec: Kinds.NodeSpec(),
                        status: Kinds.NodeStatus(state: .ready, bootID: "boot-\(name)"))),
                .create(
                    Kinds.Device(
                        metadata: ObjectMeta(name: "\(name)-cpu0"), spec: Kinds.DeviceSpec(),
                        status: Kinds.DeviceStatus(
                            node: name, vendor: "cpu", capacity: amounts, allocatable: amounts, isolation: ["enforced"])
                    )),
            ])
        }
    }

    /// A job in state Drafting with all its slices, each asking for one CPU and 1Gi.
    func submit(
        _ name: String, members: Int64 = 1, milliCPU: Int64 = 1000, change: (inout Kinds.Job) -> Void = { _ in }
    ) async throws {
        var job = Kinds.Job(
            metadata: ObjectMeta(name: name, namespace: "default"),
            spec: Kinds.JobSpec(
                gang: Kinds.Gang(min: members),
                slice: Kinds.SliceRequest(cpu: Quantity(milliCPU: milliCPU), memory: Quantity(bytes: 1 << 30)),
                template: Kinds.TaskTemplate(command: ["true"])),
            status: Kinds.JobStatus(state: .queued, gang: Kinds.GangRecord(attempt: 1, state: .drafting)))
        change(&job)
        try await resources.transact([.create(job)])
        guard let stored = try await resources.read(Kinds.Job.self, namespace: "default", name: name) else { return }
        for index in 0..<members {
            try await resources.transact([.create(slice(of: stored, index))])
        }
    }

    private func slice(of job: Kinds.Job, _ index: Int64) -> Kinds.Slice {
        Kinds.Slice(
            metadata: ObjectMeta(
                name: "\(job.metadata.name)-1-\(index)", namespace: "default", finalizers: ["tidemill.dev/release"]),
            spec: Kinds.SliceSpec(
                request: job.spec.slice,
                member: Kinds.AttemptRef(
                    job: job.metadata.name, jobUID: job.metadata.uid, index: index, attempt: 1, size: job.spec.gang.min),
                onDisconnect: Kinds.OnDisconnect(policy: .stop, after: APIDuration(.seconds(10)))))
    }

    func scheduler(_ authority: Interruption = Interruption()) -> Scheduler {
        Scheduler(
            mirror: mirror, authority: authority, sleep: { _ in throw CancellationError() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func job(_ name: String) async throws -> Kinds.Job? {
        try await resources.read(Kinds.Job.self, namespace: "default", name: name)
    }

    func slices() async throws -> [Kinds.Slice] { try await resources.readAll(Kinds.Slice.self).objects }

    func allocation(_ node: String) async throws -> NodeAllocation? {
        try await resources.record(NodeAllocation.key(NodeID(node))).flatMap { NodeAllocation(stored: $0.value) }
    }
}
