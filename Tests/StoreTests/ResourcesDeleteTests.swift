import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite("Resources: delete", .timeLimit(.minutes(1)))
struct ResourcesDeleteTests {
    @Test
    func `an object without finalizers is gone at once`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        guard case .gone(let last) = try await world.resources.delete(world.ref("a")) else {
            Issue.record("it is not gone")
            return
        }
        #expect(try last.tree.text("metadata", "uid") == (try made.tree.text("metadata", "uid")))
        #expect(try await world.resources.find(world.ref("a")) == nil)
        let again = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.delete(world.ref("a"))
        }
        #expect(again == "404 jobs.tidemill.dev \"a\" not found")
    }

    @Test
    func `an object with finalizers is marked, and goes with its last one`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a", finalizers: ["tidemill.dev/one", "tidemill.dev/two"])
        let ref = world.ref("a")
        world.time.advance(60)
        guard case .terminating(let marked) = try await world.resources.delete(ref) else {
            Issue.record("it is gone")
            return
        }
        #expect(try marked.tree.text("metadata", "deletionTimestamp") == Timestamp(world.time.wall()).text)
        #expect(try marked.tree.generation == 2)
        guard case .terminating(let again) = try await world.resources.delete(ref) else {
            Issue.record("a second delete is no delete")
            return
        }
        #expect(again.encoded == marked.encoded)
        let added = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.mergePatch(
                ref, ["metadata": ["finalizers": ["tidemill.dev/one", "tidemill.dev/three"]]])
        }
        #expect(
            added.contains(
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted"))
        let fewer = try await world.resources.mergePatch(ref, ["metadata": ["finalizers": ["tidemill.dev/two"]]])
        #expect(fewer.revision > marked.revision)
        let watch = try await world.resources.watch(
            Kinds.Job.info, namespace: "lab", WatchOptions(resourceVersion: String(fewer.revision.rawValue)))
        let last = try await world.resources.mergePatch(ref, ["metadata": ["finalizers": .null]])
        #expect(try await world.resources.find(ref) == nil)
        var iterator = watch.makeAsyncIterator()
        guard case .deleted(let seen)? = await iterator.next() else {
            Issue.record("the watch saw no deletion")
            return
        }
        #expect(seen.revision == last.revision)
        #expect(try seen.tree.version == String(last.revision.rawValue))
    }

    @Test
    func `preconditions hold or are conflicts`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        let ref = world.ref("a")
        let uid = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.delete(ref, DeleteOptions(uid: "other"))
        }
        #expect(uid.hasPrefix("409 ") && uid.contains("UID in precondition: other"))
        let version = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.delete(ref, DeleteOptions(resourceVersion: "1"))
        }
        #expect(version.hasPrefix("409 ") && version.contains("ResourceVersion in precondition: 1"))
        _ = try await world.resources.delete(ref, DeleteOptions(isDryRun: true))
        #expect(try await world.resources.find(ref) != nil)
        let right = DeleteOptions(
            uid: try made.tree.text("metadata", "uid"), resourceVersion: String(made.revision.rawValue))
        _ = try await world.resources.delete(ref, right)
        #expect(try await world.resources.find(ref) == nil)
    }

    @Test(
        arguments: [(.foreground, "foregroundDeletion"), (.orphan, "orphan")] as [(DeleteOptions.Propagation, String)])
    func `what is to go first or to stay keeps the object for the collector`(
        _ propagation: DeleteOptions.Propagation, _ finalizer: String
    ) async throws {
        let world = try await ResourcesFixture()
        let lease = try await world.resources.create(
            Kinds.Lease.info, namespace: "lab", ["metadata": ["name": "a"], "spec": [:]])
        guard
            case .terminating(let marked) = try await world.resources.delete(
                lease.ref, DeleteOptions(propagation: propagation))
        else {
            Issue.record("it is gone")
            return
        }
        #expect(try marked.tree.at(["metadata", "finalizers"]) == [.string(finalizer)])
    }

    @Test
    func `a job is not orphaned, since nobody would end what is left of it`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        let refused = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.delete(world.ref("a"), DeleteOptions(propagation: .orphan))
        }
        #expect(refused.contains(#"propagationPolicy: Unsupported value: "Orphan""#))
    }

    @Test
    func `a deleted namespace is Terminating, takes nothing new, and goes with its finalizer`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        let lab = ObjectRef(kind: Kinds.Namespace.info, name: "lab")
        guard case .terminating(let marked) = try await world.resources.delete(lab) else {
            Issue.record("it is gone")
            return
        }
        #expect(try marked.tree.text("status", "phase") == "Terminating")
        let refused = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Job.info, namespace: "lab", world.job("b"))
        }
        #expect(
            refused
                == "403 jobs.tidemill.dev \"b\" is forbidden: unable to create new content in namespace lab because it "
                + "is being terminated")
        var space = try #require(try await world.resources.read(Kinds.Namespace.self, name: "lab"))
        #expect(space.metadata.finalizers == [Resources.namespaceFinalizer])
        space.metadata.finalizers = []
        try await world.resources.transact([.update(space)])
        #expect(try await world.resources.find(lab) == nil)
    }

    @Test
    func `the namespace default stays`() async throws {
        let world = try await ResourcesFixture()
        let refused = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.delete(ObjectRef(kind: Kinds.Namespace.info, name: "default"))
        }
        #expect(refused == "403 namespaces \"default\" is forbidden: this namespace may not be deleted")
    }

    @Test
    func `a collection is deleted by its selector`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a", labels: ["x": "1"])
        try await world.createJob("b", labels: ["x": "2"])
        try await world.createJob("c", labels: ["x": "1"])
        let selector = ObjectSelector(labels: LabelSelector(matchLabels: ["x": "1"]))
        let deleted = try await world.resources.deleteCollection(
            Kinds.Job.info, namespace: "lab", selecting: ListOptions(selector: selector))
        #expect(deleted.map(\.ref.name) == ["a", "c"])
        #expect(try await world.resources.list(Kinds.Job.info).objects.map(\.ref.name) == ["b"])
    }
}
