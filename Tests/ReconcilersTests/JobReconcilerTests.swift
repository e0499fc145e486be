import Logging
import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore

/// The reconciler over a store: what it looks at again, and when.
@Suite struct JobReconcilerTests {
    private struct Scene {
        let resources: Resources
        let reconciler: JobReconciler

        init() async throws {
            resources = Resources(store: MemoryStore(), time: FixedTime(), randomness: CountedRandomness())
            try await resources.bootstrap()
            reconciler = JobReconciler(
                mirror: ObjectMirror(resources), sleep: { _ in },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func submit(_ name: String, in namespace: String = "default") async throws {
            let slice = Kinds.SliceRequest(
                cpu: try Quantity(parsing: "1"), memory: try Quantity(parsing: "1Gi"))
            try await resources.transact([
                .create(
                    Kinds.Job(
                        metadata: ObjectMeta(name: name, namespace: namespace),
                        spec: Kinds.JobSpec(slice: slice, template: Kinds.TaskTemplate(command: ["true"]))))
            ])
        }

        func job(_ name: String) async throws -> Kinds.Job? {
            try await resources.read(Kinds.Job.self, namespace: "default", name: name)
        }
    }

    @Test func `a job that waits for names goes on once they are free`() async throws {
        let scene = try await Scene()
        let other = Kinds.Task(
            metadata: ObjectMeta(name: "j-1-0", namespace: "default"),
            spec: Kinds.TaskSpec(
                slice: "j-1-0",
                member: Kinds.AttemptRef(job: "j", jobUID: "an earlier j", index: 0, attempt: 1, size: 1),
                template: Kinds.TaskTemplate(command: ["true"])))
        try await scene.resources.transact([.create(other)])
        try await scene.submit("j")
        for _ in 0..<3 { await scene.reconciler.tick() }
        #expect(try await scene.job("j")?.status.reason == "NamesTaken")
        try await scene.resources.transact([.delete(other.ref, revision: nil)])
        await scene.reconciler.tick()
        #expect(try await scene.job("j")?.status.gang?.state == .drafting)
        #expect(try await scene.job("j")?.status.reason == nil)
    }

    @Test func `what is begun is planned before what is new, a hundred of which are begun at a time`() async throws {
        let scene = try await Scene()
        try await scene.submit("z")
        await scene.reconciler.tick()
        for number in 100..<250 { try await scene.submit("j\(number)") }
        // A member of the job that is begun is gone: it must not wait for all the new ones.
        let name = "z-1-0"
        try await scene.resources.transact([
            .delete(ObjectRef(kind: Kinds.Task.info, namespace: "default", name: name), revision: nil)
        ])
        await scene.reconciler.tick()
        let begun = try await scene.resources.readAll(Kinds.Job.self).objects.filter { $0.status.gang != nil }
        #expect(begun.count == 101)
        #expect(try await scene.job("z")?.status.gang?.state == .abandoned)
        await scene.reconciler.tick()
        let all = try await scene.resources.readAll(Kinds.Job.self).objects
        #expect(all.allSatisfy { $0.status.gang != nil })
    }

    @Test func `jobs that cannot be begun do not keep others waiting`() async throws {
        let scene = try await Scene()
        // Nothing can be created in a namespace that is being deleted.
        try await scene.resources.transact([.create(Kinds.Namespace(metadata: ObjectMeta(name: "a")))])
        for number in 100..<300 { try await scene.submit("j\(number)", in: "a") }
        try await scene.submit("j")
        try await scene.resources.transact([
            .delete(ObjectRef(kind: Kinds.Namespace.info, namespace: "", name: "a"), revision: nil)
        ])
        for _ in 0..<3 { await scene.reconciler.tick() }
        #expect(try await scene.job("j")?.status.gang != nil)
        let stuck = try await scene.resources.readAll(Kinds.Job.self).objects.filter { $0.metadata.namespace == "a" }
        #expect(stuck.count == 200)
        #expect(stuck.allSatisfy { $0.status.gang == nil })
    }

    @Test func `nothing is read for a job that nothing happened to`() async throws {
        let scene = try await Scene()
        try await scene.submit("j")
        for _ in 0..<2 { await scene.reconciler.tick() }
        let revision = await scene.resources.store.currentRevision()
        try await scene.submit("k")
        for _ in 0..<2 { await scene.reconciler.tick() }
        #expect(try #require(try await scene.job("j")?.revision) <= revision)
        #expect(try await scene.job("k")?.status.gang?.state == .drafting)
    }
}
