import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite("Resources: list", .timeLimit(.minutes(1)))
struct ResourcesListTests {
    private func world() async throws -> ResourcesFixture {
        let world = try await ResourcesFixture()
        for name in ["c", "a", "e", "b", "d"] {
            try await world.createJob(name, labels: ["parity": name == "b" || name == "d" ? "even" : "odd"])
        }
        _ = try await world.resources.create(Kinds.Job.info, namespace: "default", world.job("a"))
        return world
    }

    private func names(_ list: ObjectList) -> [String] { list.objects.map { "\($0.ref.namespace)/\($0.ref.name)" } }

    @Test
    func `a list is one namespace, or all of them`() async throws {
        let world = try await world()
        let lab = try await world.resources.list(Kinds.Job.info, namespace: "lab")
        #expect(names(lab) == ["lab/a", "lab/b", "lab/c", "lab/d", "lab/e"])
        #expect(lab.revision == (await world.store.currentRevision()))
        let all = try await world.resources.list(Kinds.Job.info)
        #expect(names(all).first == "default/a")
        #expect(all.objects.count == 6)
        #expect(try await world.resources.list(Kinds.Task.info).objects.isEmpty)
        #expect(try await world.resources.list(Kinds.Namespace.info).objects.map(\.ref.name) == ["default", "lab"])
    }

    @Test
    func `pages show one snapshot and count what is left`() async throws {
        let world = try await world()
        let first = try await world.resources.list(Kinds.Job.info, namespace: "lab", ListOptions(limit: 2))
        #expect(names(first) == ["lab/a", "lab/b"])
        #expect(first.remaining == 3)
        _ = try await world.resources.delete(world.ref("c"))
        try await world.createJob("cc")
        let second = try await world.resources.list(
            Kinds.Job.info, namespace: "lab", ListOptions(limit: 2, continueToken: first.continueToken))
        #expect(names(second) == ["lab/c", "lab/d"])
        #expect(second.revision == first.revision)
        let third = try await world.resources.list(
            Kinds.Job.info, namespace: "lab", ListOptions(limit: 2, continueToken: second.continueToken))
        #expect(names(third) == ["lab/e"])
        #expect(third.continueToken == nil)
    }

    @Test
    func `a token of a compacted snapshot is Expired, a broken one a bad request`() async throws {
        let world = try await world()
        let first = try await world.resources.list(Kinds.Job.info, ListOptions(limit: 2))
        try await world.createJob("f")
        try await world.store.compact(before: Revision((await world.store.currentRevision()).rawValue + 1))
        let expired = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.list(
                Kinds.Job.info, ListOptions(limit: 2, continueToken: first.continueToken))
        }
        #expect(expired.hasPrefix("410 The provided continue parameter is too old"))
        for token in ["x", "~", "0~a", "-1~lab/a", "99"] {
            let broken = await world.refusal { () async throws(APIError) in
                _ = try await world.resources.list(Kinds.Job.info, ListOptions(continueToken: token))
            }
            #expect(broken == "400 the continue token cannot be read", "\(token)")
        }
    }

    @Test
    func `selectors choose by label, by name and by field`() async throws {
        let world = try await world()
        _ = try await world.resources.mergePatch(
            world.ref("d"),
            ["status": ["state": "Running", "gang": ["attempt": 1, "state": "Started", "nodes": ["n1", "n2"]]]],
            .status)
        func select(labels: String = "", fields: String = "", limit: Int? = nil) async throws -> [String] {
            let selector = ObjectSelector(
                labels: try LabelSelector(parsing: labels), fields: try FieldSelector(parsing: fields))
            return names(try await world.resources.list(Kinds.Job.info, ListOptions(selector: selector, limit: limit)))
        }
        #expect(try await select(labels: "parity=even") == ["lab/b", "lab/d"])
        #expect(try await select(labels: "!parity") == ["default/a"])
        #expect(try await select(labels: "parity=odd", limit: 2) == ["lab/a", "lab/c"])
        #expect(try await select(fields: "metadata.name=a") == ["default/a", "lab/a"])
        #expect(try await select(fields: "metadata.name=a,metadata.namespace=lab") == ["lab/a"])
        #expect(try await select(fields: "status.gang.nodes=n2") == ["lab/d"])
        #expect(try await select(fields: "status.state=Running,metadata.name!=x") == ["lab/d"])
        #expect(try await select(labels: "parity=odd", fields: "status.state=Running") == [])
        let unknown = await world.refusal { () async throws(APIError) in
            let selector = ObjectSelector(fields: FieldSelector([.init(field: "spec.bogus", value: "1")]))
            _ = try await world.resources.list(Kinds.Job.info, ListOptions(selector: selector))
        }
        #expect(unknown.hasPrefix("400 field label not supported: spec.bogus"))
    }

    @Test
    func `a page with a selector goes on where it stopped`() async throws {
        let world = try await world()
        let selector = ObjectSelector(labels: LabelSelector(matchLabels: ["parity": "odd"]))
        let first = try await world.resources.list(Kinds.Job.info, ListOptions(selector: selector, limit: 1))
        #expect(names(first) == ["lab/a"])
        #expect(first.remaining == nil)
        let rest = try await world.resources.list(
            Kinds.Job.info, ListOptions(selector: selector, continueToken: first.continueToken))
        #expect(names(rest) == ["lab/c", "lab/e"])
    }

    @Test
    func `a resource version means at least, or exactly`() async throws {
        let world = try await world()
        let before = await world.store.currentRevision()
        try await world.createJob("f")
        let text = String(before.rawValue)
        let least = try await world.resources.list(Kinds.Job.info, ListOptions(resourceVersion: text))
        #expect(least.objects.count == 7)
        let exact = try await world.resources.list(Kinds.Job.info, ListOptions(resourceVersion: text, match: .exact))
        #expect(exact.objects.count == 6)
        #expect(exact.revision == before)
        #expect(try await world.resources.list(Kinds.Job.info, ListOptions(resourceVersion: "0")).objects.count == 7)
        for match in [nil, ListOptions.Match.exact] {
            let future = await world.refusal { () async throws(APIError) in
                _ = try await world.resources.list(Kinds.Job.info, ListOptions(resourceVersion: "999999", match: match))
            }
            #expect(future.hasPrefix("504 ") && future.contains("Too large resource version: 999999"))
        }
        let nonsense = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.list(Kinds.Job.info, ListOptions(resourceVersion: "x"))
        }
        #expect(nonsense.hasPrefix("422 "))
        let alone = await world.refusal { () async throws(APIError) in
            _ = try await world.resources.list(Kinds.Job.info, ListOptions(match: .exact))
        }
        #expect(alone.contains("resourceVersionMatch is forbidden unless resourceVersion is provided"))
    }
}
