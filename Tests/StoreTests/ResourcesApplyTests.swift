import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite("Resources: apply, patches and owners", .timeLimit(.minutes(1)))
struct ResourcesApplyTests {
    private let ci = WriteOptions(writer: .client("ci"))
    private let ops = WriteOptions(writer: .client("ops"))

    private func apply(
        _ world: ResourcesFixture, _ ref: ObjectRef, _ body: JSON, _ subresource: Subresource, force: Bool = false,
        _ options: WriteOptions
    ) async throws(APIError) -> (object: StoredObject, isNew: Bool) {
        try await world.resources.apply(ref, body, subresource, force: force, options)
    }

    /// Managers with what they do, as `ci Apply` or `ops Update status`.
    private func owners(_ object: StoredObject) throws -> [String] {
        (try object.tree.at(["metadata", "managedFields"])?.array ?? []).map { entry in
            [entry["manager"], entry["operation"], entry["subresource"]].compactMap { $0?.string }
                .joined(separator: " ")
        }
    }

    @Test
    func `what is applied again is the same object at the same revision`() async throws {
        let world = try await ResourcesFixture()
        let ref = world.ref("a")
        let (made, isNew) = try await apply(world, ref, world.job("a"), .main, ci)
        #expect(isNew)
        #expect(try made.tree.generation == 1)
        #expect(try made.tree.number("spec", "retries") == 0, "defaults are filled in, and nobody's")
        #expect(try made.tree.at(["metadata", "managedFields", "0", "fieldsV1", "f:spec", "f:retries"]) == nil)
        world.time.advance(5)
        let (again, isNewer) = try await apply(world, ref, world.job("a"), .main, ci)
        #expect(!isNewer)
        #expect(again.encoded == made.encoded)
        let dry = WriteOptions(isDryRun: true, writer: .client("ops"))
        var other = world.job("a")
        other["spec"]?["retries"] = 2
        let tried = try await apply(world, ref, other, .main, dry).object
        #expect(try tried.tree.number("spec", "retries") == 2)
        #expect(try await world.resources.get(ref).encoded == made.encoded)
    }

    @Test
    func `writers take what they change, and appliers are asked`() async throws {
        let world = try await ResourcesFixture()
        let ref = world.ref("a")
        var configuration = world.job("a")
        configuration["spec"]?["retries"] = 1
        _ = try await apply(world, ref, configuration, .main, ci)
        let patched = try await world.resources.patch(ref, .merge(["spec": ["retries": 5]]), .main, ops)
        #expect(try owners(patched) == ["ci Apply", "ops Update"])
        let refused = await world.refusal { () async throws(APIError) in
            _ = try await apply(world, ref, configuration, .main, ci)
        }
        #expect(
            refused
                == #"409 Apply failed with 1 conflict: conflict with "ops" using tidemill.dev/v1alpha1: .spec.retries"#)
        let forced = try await apply(world, ref, configuration, .main, force: true, ci).object
        #expect(try forced.tree.number("spec", "retries") == 1)
        #expect(try owners(forced) == ["ci Apply"])
        #expect(try forced.tree.generation == 3)
    }

    @Test
    func `the controller's own writes take fields, and claim nothing of what nobody declared`() async throws {
        let world = try await ResourcesFixture()
        let ref = world.ref("a")
        try await world.createJob("b")
        #expect(try owners(try await world.resources.get(world.ref("b"))).isEmpty)
        _ = try await apply(world, ref, world.job("a", labels: ["x": "1"]), .main, ci)
        var job = try #require(try await world.resources.read(Kinds.Job.self, namespace: "lab", name: "a"))
        job.metadata.labels["x"] = "2"
        job.status.message = "said"
        try await world.resources.transact([.update(job)])
        let both = try await world.resources.get(ref)
        #expect(
            try owners(both) == ["ci Apply", "tidemill-controller Update", "tidemill-controller Update status"])
        let conflict = await world.refusal { () async throws(APIError) in
            _ = try await apply(world, ref, world.job("a", labels: ["x": "1"]), .main, ci)
        }
        #expect(conflict.contains(#"conflict with "tidemill-controller" using"#))
        job = try #require(try await world.resources.read(Kinds.Job.self, namespace: "lab", name: "a"))
        job.status.message = "said again"
        try await world.resources.transact([.updateStatus(job)])
        #expect(try owners(try await world.resources.get(ref)).count == 3)
    }

    @Test
    func `each half is applied for itself`() async throws {
        let world = try await ResourcesFixture()
        let ref = world.ref("a")
        let absent = await world.refusal { () async throws(APIError) in
            _ = try await apply(world, ref, ["status": ["message": "m"]], .status, ci)
        }
        #expect(absent == "404 jobs.tidemill.dev \"a\" not found")
        var whole = world.job("a")
        whole["status"] = ["message": "not taken"]
        _ = try await apply(world, ref, whole, .main, ci)
        let status = try await apply(
            world,
            ref, ["spec": ["retries": 9], "status": ["message": "m"]], .status, ops
        ).object
        #expect(try status.tree.text("status", "message") == "m")
        #expect(try status.tree.number("spec", "retries") == 0)
        #expect(try owners(status) == ["ci Apply", "ops Apply status"])
    }

    @Test
    func `what an applier no longer says goes, unless another says it`() async throws {
        let world = try await ResourcesFixture()
        let ref = world.ref("a")
        _ = try await apply(world, ref, world.job("a", labels: ["x": "1", "y": "1"]), .main, ci)
        _ = try await apply(world, ref, ["metadata": ["labels": ["y": "1"]]], .main, ops)
        let left = try await apply(world, ref, world.job("a"), .main, ci).object
        #expect(try left.tree.at(["metadata", "labels"]) == ["y": "1"])
    }

    @Test
    func `an apply names a revision and an identity, or any`() async throws {
        let world = try await ResourcesFixture()
        let ref = world.ref("a")
        for named in [["uid": "u"], ["resourceVersion": "7"]] as [JSON] {
            let refused = await world.refusal { () async throws(APIError) in
                _ = try await apply(world, ref, ["metadata": named], .main, ci)
            }
            #expect(refused.hasPrefix("409 "), "there is none")
        }
        let made = try await world.createJob("a")
        for named in [["uid": "u"], ["resourceVersion": "1"]] as [JSON] {
            let refused = await world.refusal { () async throws(APIError) in
                _ = try await apply(world, ref, ["metadata": named], .main, ci)
            }
            #expect(refused.hasPrefix("409 "), "\(refused)")
        }
        let right: JSON = [
            "metadata": [
                "uid": try made.tree.at(["metadata", "uid"]) ?? .null, "resourceVersion": .string("\(made.revision)"),
            ]
        ]
        // What nobody owned before the first apply is somebody's from then on.
        #expect(try owners(try await apply(world, ref, right, .main, ci).object) == ["before-first-apply Update"])
    }

    @Test
    func `clients may say who owns what, and start anew`() async throws {
        let world = try await ResourcesFixture()
        let ref = world.ref("a")
        let made = try await apply(world, ref, world.job("a"), .main, ci).object
        var body = try made.tree
        body["metadata"]?["managedFields"] = nil
        #expect(try owners(try await world.resources.update(ref, body, .main, ops)) == ["ci Apply"])
        let reset = try JSONPatch([["op": "replace", "path": "/metadata/managedFields", "value": [[:]]]])
        #expect(try owners(try await world.resources.patch(ref, .json(reset), .main, ops)).isEmpty)
    }

    @Test
    func `many who apply and patch at once lose nothing`() async throws {
        let world = try await ResourcesFixture()
        let ref = world.ref("a")
        let resources = world.resources
        let job = world.job("a")
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    let options = WriteOptions(writer: .client("m\(number)"))
                    var body = job
                    body["metadata"]?["labels"] = .object(["l\(number)": "1"])
                    // A write that was overtaken too often is tried again by its client.
                    while (try? await resources.apply(ref, body, .main, force: true, options)) == nil {}
                }
            }
        }
        let labels = try await resources.get(ref).tree.at(["metadata", "labels"])?.object
        #expect(labels?.count == 12)
    }
}
