import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite("Resources: update and patch", .timeLimit(.minutes(1)))
struct ResourcesUpdateTests {
    @Test
    func `an update needs the revision that it replaces`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        var tree = try made.tree
        tree["spec"]?["retries"] = 3
        let newer = try await world.resources.update(world.ref("a"), tree)
        #expect(newer.revision > made.revision)
        let stale = tree
        let conflict = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.update(world.ref("a"), stale)
        }
        #expect(
            conflict == "409 Operation cannot be fulfilled on jobs.tidemill.dev \"a\": the object has been modified; "
                + "please apply your changes to the latest version and try again")
        let unlocked = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.update(world.ref("a"), world.job("a"))
        }
        #expect(unlocked.contains("metadata.resourceVersion: Invalid value: 0: must be specified for an update"))
        let absent = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.update(world.ref("b"), world.job("b"))
        }
        #expect(absent == "404 jobs.tidemill.dev \"b\" not found")
    }

    @Test
    func `generation counts changes of the spec alone`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        let ref = world.ref("a")
        #expect(try await world.resources.mergePatch(ref, ["metadata": ["labels": ["x": "y"]]]).tree.generation == 1)
        #expect(
            try await world.resources.mergePatch(ref, ["status": ["state": "Queued"]], .status).tree.generation == 1)
        #expect(try await world.resources.mergePatch(ref, ["spec": ["retries": 2]]).tree.generation == 2)
    }

    @Test
    func `a write that changes nothing keeps the revision and tells nobody`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        let before = await world.store.currentRevision()
        let again = try await world.resources.update(world.ref("a"), try made.tree)
        let patched = try await world.resources.mergePatch(world.ref("a"), ["spec": ["retries": 0]])
        #expect(again.encoded == made.encoded)
        #expect(patched.encoded == made.encoded)
        #expect(await world.store.currentRevision() == before)
    }

    @Test
    func `main writes leave the status alone, and status writes the rest`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        let ref = world.ref("a")
        let running: JSON = ["status": ["state": "Running", "members": 2], "spec": ["retries": 5]]
        let status = try await world.resources.mergePatch(ref, running, .status)
        #expect(try status.tree.text("status", "state") == "Running")
        #expect(try status.tree.number("spec", "retries") == 0)
        var tree = try status.tree
        tree["status"] = ["state": "Failed"]
        tree["metadata"]?["labels"] = ["x": "y"]
        let main = try await world.resources.update(ref, tree)
        #expect(try main.tree.text("status", "state") == "Running")
        var statusOnly = try main.tree
        statusOnly["metadata"]?["labels"] = nil
        statusOnly["status"] = ["state": "Queued"]
        let replaced = try await world.resources.update(ref, statusOnly, .status)
        #expect(try replaced.tree.text("metadata", "labels", "x") == "y")
        #expect(try replaced.tree.text("status", "state") == "Queued")
        #expect(try replaced.tree.number("status", "members") == nil)
    }

    @Test
    func `identity and immutable fields stay`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        let ref = world.ref("a")
        var tree = try made.tree
        tree["metadata"]?["creationTimestamp"] = "2001-01-01T00:00:00Z"
        tree["metadata"]?["generation"] = 77
        let kept = try await world.resources.update(ref, tree)
        #expect(kept.encoded == made.encoded)
        let frozen = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.mergePatch(ref, ["spec": ["template": ["command": ["false"]]]])
        }
        #expect(
            frozen.hasPrefix("422 ") && frozen.contains("spec.template.command[0]")
                && frozen.contains("field is immutable"))
        let renamed = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.mergePatch(ref, ["metadata": ["name": "b"]])
        }
        #expect(renamed == "400 the name of the object (b) does not match the name on the URL (a)")
        let other = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.mergePatch(ref, ["metadata": ["uid": "other"]])
        }
        #expect(
            other.hasPrefix("409 ")
                && other.contains("Precondition failed: UID in precondition: other, UID in object meta: "))
    }

    @Test
    func `a revision in a patch is a lock, none means whatever is there`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        let ref = world.ref("a")
        _ = try await world.resources.mergePatch(ref, ["spec": ["retries": 1]])
        let old = JSON.string(String(made.revision.rawValue))
        let locked = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.mergePatch(
                ref, ["metadata": ["resourceVersion": old], "spec": ["retries": 2]])
        }
        #expect(locked.hasPrefix("409 "))
        let array = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.mergePatch(ref, [1])
        }
        #expect(array == "400 a merge patch must be an object, not an array")
        #expect(try await world.resources.get(ref).tree.number("spec", "retries") == 1)
    }

    @Test
    func `concurrent patches of one object are all applied`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        let (resources, ref) = (world.resources, world.ref("a"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    _ = try await resources.mergePatch(ref, ["metadata": ["labels": .object(["l\(number)": "1"])]])
                }
            }
            try await group.waitForAll()
        }
        #expect(try await resources.get(ref).tree.at(["metadata", "labels"])?.object?.count == 8)
    }

    @Test
    func `a dry run of a patch answers with the result and stores nothing`() async throws {
        let world = try await ResourcesFixture()
        let made = try await world.createJob("a")
        let dry = try await world.resources.mergePatch(
            world.ref("a"), ["spec": ["retries": 4]], .main, WriteOptions(isDryRun: true))
        #expect(try dry.tree.number("spec", "retries") == 4)
        #expect(try await world.resources.get(world.ref("a")).encoded == made.encoded)
    }
}

/// Results carry the token of their attempt, and an older one is refused (invariant 1b).
@Suite("Resources: tokens of tasks", .timeLimit(.minutes(1)))
struct ResourcesTokenTests {
    private let task = ObjectRef(kind: Kinds.Task.info, namespace: "lab", name: "t")

    /// A task whose slice is granted with token 50.
    private func world() async throws -> ResourcesFixture {
        let world = try await ResourcesFixture()
        let slice = Kinds.Slice(
            metadata: ObjectMeta(name: "t", namespace: "lab"),
            spec: Kinds.SliceSpec(
                request: Kinds.SliceRequest(cpu: try Quantity(parsing: "1"), memory: try Quantity(parsing: "1Gi")),
                onDisconnect: Kinds.OnDisconnect(policy: .keep)),
            status: Kinds.SliceStatus(
                state: .active,
                grant: Kinds.Grant(
                    node: "a", bootID: "boot", epoch: 1, token: 50, sliceUID: "uid",
                    shares: [Kinds.Share(device: "a-cpu0", cardUnits: "1/8")], policy: .keep)))
        let task = Kinds.Task(
            metadata: ObjectMeta(name: "t", namespace: "lab"),
            spec: Kinds.TaskSpec(slice: "t", template: Kinds.TaskTemplate(command: ["true"])))
        try await world.resources.transact([.create(slice), .create(task)])
        return world
    }

    private func patch(_ world: ResourcesFixture, _ status: JSON) async -> String {
        await world.refusal { () async throws(APIError) in
            _ = try await world.resources.mergePatch(task, ["status": status], .status)
        }
    }

    @Test(
        arguments: [
            (["state": "Running", "token": 49], "status.token: Invalid value: 49"),
            (["state": "Failed", "token": 50, "end": ["token": 49]], "status.end.token: Invalid value: 49"),
        ] as [(JSON, String)])
    func `a status older than the slice's grant is refused`(status: JSON, said: String) async throws {
        let world = try await world()
        let refusal = await patch(world, status)
        #expect(refusal.hasPrefix("422") && refusal.contains(said) && refusal.contains("token 50"), "\(refusal)")
    }

    @Test func `a status older than the one that is stored is refused, also when the slice is gone`() async throws {
        let world = try await world()
        #expect(await patch(world, ["state": "Running", "token": 50]) == "none")
        _ = try await world.resources.delete(ObjectRef(kind: Kinds.Slice.info, namespace: "lab", name: "t"))
        #expect(await patch(world, ["state": "Failed", "token": 40]).hasPrefix("422"))
        #expect(await patch(world, ["state": "Failed", "end": ["token": 50, "exitCode": 1]]) == "none")
        #expect(await patch(world, ["state": "Failed", "token": 51]) == "none")
    }

    @Test func `an object beyond a mebibyte is refused with the way out`() async throws {
        let world = try await ResourcesFixture()
        var large = world.job("large")
        large["spec"]?["template"]?["env"] = .array(
            (0..<7).map { ["name": .string("A\($0)"), "value": .string(String(repeating: "x", count: 120_000))] })
        large["metadata"]?["annotations"] = ["note": .string(String(repeating: "x", count: 240_000))]
        let body = large
        let refusal = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.create(Kinds.Job.info, namespace: "lab", body)
        }
        #expect(refusal.hasPrefix("413") && refusal.contains("put what is large into a file"), "\(refusal)")
    }
}
