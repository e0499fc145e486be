import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite("Resources: transact", .timeLimit(.minutes(1)))
struct ResourcesTransactionTests {
    private func job(_ world: ResourcesFixture, _ name: String = "a") async throws -> Kinds.Job {
        try #require(try await world.resources.read(Kinds.Job.self, namespace: "lab", name: name))
    }

    private func slice(_ name: String) -> Kinds.Slice {
        Kinds.Slice(
            metadata: ObjectMeta(name: name, namespace: "lab", finalizers: ["tidemill.dev/release"]),
            spec: .init(
                request: .init(cpu: Quantity(milliCPU: 1000), memory: Quantity(bytes: 64 << 20)),
                onDisconnect: .init(policy: .keep)))
    }

    @Test
    func `all changes happen at one revision`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        var job = try await job(world)
        job.status.state = .queued
        var first = slice("a-1-0")
        first.status.reason = "Fresh"
        let revision = try await world.resources.transact([
            .updateStatus(job), .create(first), .create(slice("a-1-1")),
            .putRecord(key: "internal/x//1", ["epoch": 1], expected: nil),
        ])
        let (slices, snapshot) = try await world.resources.readAll(Kinds.Slice.self, namespace: "lab")
        #expect(slices.map(\.metadata.name) == ["a-1-0", "a-1-1"])
        #expect(slices.map(\.revision) == [revision, revision])
        #expect(slices[0].status.reason == "Fresh")
        #expect(slices[0].metadata.finalizers == ["tidemill.dev/release"])
        #expect(Set(slices.map(\.metadata.uid)).count == 2)
        #expect(snapshot == revision)
        #expect(try await self.job(world).status.state == .queued)
        let record = try await world.resources.record("internal/x//1")
        #expect(record?.value == ["epoch": 1])
        #expect(record?.revision == revision)
    }

    @Test
    func `one that does not hold stops all`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        let stale = try await job(world)
        _ = try await world.resources.mergePatch(world.ref("a"), ["spec": ["retries": 1]])
        var changed = stale
        changed.status.state = .running
        let change = changed
        let conflict = await world.refusal { () async throws(APIError) in
            try await world.resources.transact([.create(slice("s")), .updateStatus(change)])
        }
        #expect(conflict.hasPrefix("409 Operation cannot be fulfilled on jobs.tidemill.dev \"a\""))
        #expect(try await world.resources.read(Kinds.Slice.self, namespace: "lab", name: "s") == nil)

        try await world.resources.transact([.create(slice("s"))])
        let taken = await world.refusal { () async throws(APIError) in
            try await world.resources.transact([
                .putRecord(key: "internal/x//1", [:], expected: nil), .create(slice("s")),
            ])
        }
        #expect(taken == "409 slices.tidemill.dev \"s\" already exists")
        #expect(try await world.resources.record("internal/x//1") == nil)
    }

    @Test
    func `requirements guard what is only read`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        let ref = world.ref("a")
        try await world.resources.transact([
            .require(ref, revision: made.revision), .requireRecord(key: "internal/x//1", revision: nil),
            .putRecord(key: "internal/x//2", ["n": 1], expected: nil),
        ])
        let second = try #require(try await world.resources.record("internal/x//2")).revision
        _ = try await world.resources.mergePatch(ref, ["spec": ["retries": 1]])
        let refused = await world.refusal { () async throws(APIError) in
            try await world.resources.transact([
                .require(ref, revision: made.revision), .deleteRecord(key: "internal/x//2", expected: second),
            ])
        }
        #expect(refused.hasPrefix("409 "))
        #expect(try await world.resources.records(prefix: "internal/x/").map(\.key) == ["internal/x//2"])
        try await world.resources.transact([.deleteRecord(key: "internal/x//2", expected: second)])
        #expect(try await world.resources.records(prefix: "internal/x/").isEmpty)
    }

    @Test
    func `a record is replaced only from the revision that was read`() async throws {
        let world = try await ResourcesFixture()
        let first = try await world.resources.transact([.putRecord(key: "internal/r", ["n": 1], expected: nil)])
        let second = try await world.resources.transact([.putRecord(key: "internal/r", ["n": 2], expected: first)])
        for expected in [nil, first] {
            let refused = await world.refusal { () async throws(APIError) in
                try await world.resources.transact([.putRecord(key: "internal/r", ["n": 3], expected: expected)])
            }
            #expect(refused.hasPrefix("409 "))
        }
        let record = try await world.resources.record("internal/r")
        #expect(record?.value == ["n": 2])
        #expect(record?.revision == second)
    }

    @Test
    func `an update writes spec, metadata and status; a status update the status alone`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        var job = try await job(world)
        job.spec.retries = 4
        job.metadata.labels = ["x": "y"]
        job.status.state = .running
        try await world.resources.transact([.updateStatus(job)])
        var read = try await self.job(world)
        #expect(read.spec.retries == 0)
        #expect(read.metadata.labels.isEmpty)
        #expect(read.status.state == .running)
        job.metadata.resourceVersion = read.metadata.resourceVersion
        job.status.state = .failed
        try await world.resources.transact([.update(job)])
        read = try await self.job(world)
        #expect(read.spec.retries == 4)
        #expect(read.metadata.labels == ["x": "y"])
        #expect(read.metadata.generation == 2)
        #expect(read.status.state == .failed)
    }

    @Test
    func `nothing new takes no revision, but the conditions still count`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        let job = try await job(world)
        let before = await world.store.currentRevision()
        #expect(try await world.resources.transact([.updateStatus(job), .update(job)]) == before)
        #expect(try await world.resources.transact([]) == before)
        _ = try await world.resources.mergePatch(world.ref("a"), ["spec": ["retries": 1]])
        let refused = await world.refusal { () async throws(APIError) in
            try await world.resources.transact([.updateStatus(job)])
        }
        #expect(refused.hasPrefix("409 "))
    }

    @Test
    func `a delete marks what has finalizers, and the last finalizer takes it away`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        try await world.resources.transact([.create(slice("s"))])
        let ref = ObjectRef(kind: Kinds.Slice.info, namespace: "lab", name: "s")
        try await world.resources.transact([
            .delete(ref, revision: nil), .delete(world.ref("a"), revision: made.revision),
        ])
        #expect(try await world.resources.find(world.ref("a")) == nil)
        var marked = try #require(try await world.resources.read(Kinds.Slice.self, namespace: "lab", name: "s"))
        #expect(marked.metadata.isTerminating)
        marked.metadata.finalizers = []
        marked.status.state = .released
        try await world.resources.transact([.update(marked)])
        #expect(try await world.resources.find(ref) == nil)
        try await world.resources.transact([.delete(ref, revision: nil)])
        let gone = await world.refusal { () async throws(APIError) in
            try await world.resources.transact([.delete(ref, revision: made.revision)])
        }
        #expect(gone == "404 slices.tidemill.dev \"s\" not found")
    }

    @Test
    func `as many creations as a transaction holds, but one, fit into one transaction`() async throws {
        let world = try await ResourcesFixture()
        let revision = try await world.resources.transact((0..<127).map { .create(slice("s-\($0)")) })
        let slices = try await world.resources.readAll(Kinds.Slice.self).objects
        #expect(slices.count == 127)
        #expect(slices.filter { $0.revision != revision }.isEmpty)
    }

    @Test
    func `nothing is created in a namespace that ends before the commit`() async throws {
        let world = try await ResourcesFixture()
        let slow = Resources(
            store: InterruptedStore(store: world.store) {
                // The namespace was seen alive; now it is deleted, found empty and gone.
                let ref = ObjectRef(kind: Kinds.Namespace.info, name: "lab")
                _ = try? await world.resources.delete(ref)
                _ = try? await world.resources.mergePatch(ref, ["metadata": ["finalizers": []]])
            }, time: world.time, randomness: Dice(seed: 8))
        let refused = await world.refusal { () async throws(APIError) in
            try await slow.transact([.create(slice("late"))])
        }
        #expect(refused.hasPrefix("409 Operation cannot be fulfilled on namespaces \"lab\""))
        #expect(try await world.resources.list(Kinds.Slice.info, namespace: "lab").objects.isEmpty)
        #expect(try await world.resources.find(ObjectRef(kind: Kinds.Namespace.info, name: "lab")) == nil)
    }
}

/// A store in which something else happens just before each commit.
private struct InterruptedStore: Store {
    let store: MemoryStore
    let before: @Sendable () async -> Void

    var identity: StoreIdentity { store.identity }

    func get(_ key: String) async throws(StoreError) -> Entry? { try await store.get(key) }

    func list(
        prefix: String, after key: String?, limit: Int?, at revision: Revision?
    ) async throws(StoreError) -> Listing {
        try await store.list(prefix: prefix, after: key, limit: limit, at: revision)
    }

    func changes(prefix: String, after revision: Revision) async throws(StoreError) -> StoreChanges {
        try await store.changes(prefix: prefix, after: revision)
    }

    func commit(_ transaction: Transaction) async throws(StoreError) -> Revision {
        await before()
        return try await store.commit(transaction)
    }

    func watch(prefix: String, after revision: Revision?, topic: String?) async throws(StoreError) -> Watch {
        try await store.watch(prefix: prefix, after: revision, topic: topic)
    }

    func currentRevision() async -> Revision { await store.currentRevision() }
    func fault() async -> StoreError? { await store.fault() }

    func snapshot() async throws(StoreError) -> StoreSnapshot { try await store.snapshot() }

    func compact(before revision: Revision) async throws(StoreError) { try await store.compact(before: revision) }
}
