import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite("Resources: create and get", .timeLimit(.minutes(1)))
struct ResourcesCreateTests {
    @Test
    func `a new object carries what the server sets`() async throws {
        let world = try await ResourcesFixture()
        var body = world.job("a")
        body["metadata"]?["uid"] = "mine"
        body["metadata"]?["generation"] = 9
        body["metadata"]?["creationTimestamp"] = .null
        body["status"] = ["state": "Succeeded"]
        let made = try await world.resources.create(Kinds.Job.info, namespace: "lab", body)
        let tree = try made.tree
        #expect(tree.text("apiVersion") == "tidemill.dev/v1alpha1")
        #expect(tree.text("kind") == "Job")
        #expect(tree.text("metadata", "namespace") == "lab")
        #expect(tree.text("metadata", "uid")?.count == 36)
        #expect(tree.generation == 1)
        #expect(tree.text("metadata", "creationTimestamp") == Timestamp(world.time.wall()).text)
        #expect(tree.version == String(made.revision.rawValue))
        #expect(tree.text("status", "state") != "Succeeded")
        #expect(tree.at(["spec", "gang", "min"])?.integer == 1)
        let read = try await world.resources.get(world.ref("a"))
        #expect(read.encoded == made.encoded)
        #expect(read.revision == made.revision)
        #expect(String(decoding: read.encoded, as: UTF8.self).contains(#""metadata":{"resourceVersion":""#))
    }

    @Test
    func `what is stored reads back as a value of its kind`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        let job = try #require(try await world.resources.read(Kinds.Job.self, namespace: "lab", name: "a"))
        #expect(job.metadata.name == "a")
        #expect(job.revision == made.revision)
        #expect(job.spec.template.command == ["true"])
        #expect(try await world.resources.read(Kinds.Job.self, namespace: "lab", name: "b") == nil)
    }

    @Test
    func `a name that is taken is AlreadyExists, one that is missing NotFound`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        let again = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Job.info, namespace: "lab", world.job("a"))
        }
        #expect(again == "409 jobs.tidemill.dev \"a\" already exists")
        let missing = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.get(world.ref("b"))
        }
        #expect(missing == "404 jobs.tidemill.dev \"b\" not found")
    }

    @Test
    func `the namespace must exist and be that of the request`() async throws {
        let world = try await ResourcesFixture()
        let nowhere = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Job.info, namespace: "nowhere", world.job("a"))
        }
        #expect(nowhere == "404 namespaces \"nowhere\" not found")
        var body = world.job("a")
        body["metadata"]?["namespace"] = "default"
        let other = body
        let mismatch = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Job.info, namespace: "lab", other)
        }
        #expect(mismatch.hasPrefix("400 the namespace of the provided object (default) does not match"))
    }

    @Test
    func `unknown fields are a bad request, wrong values are invalid, each with its path`() async throws {
        let world = try await ResourcesFixture()
        var bogus = world.job("a")
        bogus["spec"]?["bogus"] = 1
        var wrong = world.job("a")
        wrong["spec"]?["slice"]?["memory"] = "-1Gi"
        let (unknown, negative) = (bogus, wrong)
        let first = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Job.info, namespace: "lab", unknown)
        }
        #expect(
            first
                == #"400 Job in version "v1alpha1" cannot be handled as a Job: strict decoding error: unknown field "spec.bogus""#
        )
        let second = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Job.info, namespace: "lab", negative)
        }
        #expect(second.hasPrefix(#"422 Job.tidemill.dev "a" is invalid: spec.slice.memory: Invalid value: "-1Gi""#))
        let list = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Job.info, namespace: "lab", [1])
        }
        #expect(list == "400 the body must be an object, not an array")
        let kind = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(
                Kinds.Job.info, namespace: "lab", ["kind": "Pod", "metadata": ["name": "a"]])
        }
        #expect(kind == #"400 kind in the data ("Pod") does not match the expected kind (Job)"#)
        #expect(try await world.resources.list(Kinds.Job.info).objects.isEmpty)
    }

    @Test
    func `generateName gives a new name each time`() async throws {
        let world = try await ResourcesFixture()
        var body = world.job("x")
        body["metadata"] = ["generateName": "run-"]
        var names: Set<String> = []
        for _ in 0..<20 {
            names.insert(try await world.resources.create(Kinds.Job.info, namespace: "lab", body).ref.name)
        }
        #expect(names.count == 20)
        #expect(names.filter { !($0.hasPrefix("run-") && $0.count == 9) }.isEmpty)
    }

    @Test
    func `a dry run checks everything and stores nothing`() async throws {
        let world = try await ResourcesFixture()
        let before = await world.store.currentRevision()
        let dry = WriteOptions(isDryRun: true)
        let made = try await world.resources.create(Kinds.Job.info, namespace: "lab", world.job("a"), dry)
        #expect(try made.tree.version == nil)
        #expect(try made.tree.text("metadata", "uid") != nil)
        #expect(await world.store.currentRevision() == before)
        try await world.createJob("a")
        let taken = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Job.info, namespace: "lab", world.job("a"), dry)
        }
        #expect(taken.hasPrefix("409 "))
    }

    @Test
    func `bootstrap makes what must be there, once`() async throws {
        let world = try await ResourcesFixture()
        let home = try await world.resources.get(ObjectRef(kind: Kinds.Namespace.info, name: "default"))
        #expect(try home.tree.text("metadata", "labels", "kubernetes.io/metadata.name") == "default")
        #expect(try home.tree.text("status", "phase") == "Active")
        let cpu = try await world.resources.read(Kinds.DeviceClass.self, name: "cpu")
        #expect(cpu?.spec.selector.vendor == "cpu")
        let revision = await world.store.currentRevision()
        try await world.resources.bootstrap()
        #expect(await world.store.currentRevision() == revision)
    }
}
