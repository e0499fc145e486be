import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite("Resources: watch", .timeLimit(.minutes(1)))
struct ResourcesWatchTests {
    private func lines(_ watch: ObjectWatch, _ count: Int) async -> [String] {
        var lines: [String] = []
        var iterator = watch.makeAsyncIterator()
        while lines.count < count, let notice = await iterator.next() { lines.append(line(notice)) }
        return lines
    }

    private func line(_ notice: ObjectNotice) -> String {
        switch notice {
        case .added(let object): "added \(object.ref.name)"
        case .modified(let object): "modified \(object.ref.name)"
        case .deleted(let object): "deleted \(object.ref.name)"
        case .bookmark: "bookmark"
        case .initialEventsEnd: "initial end"
        case .expired: "expired"
        }
    }

    @Test
    func `without a revision a watch begins with what is there`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        try await world.createJob("b")
        for version in [nil, "", "0"] {
            let watch = try await world.resources.watch(
                Kinds.Job.info, namespace: "lab", WatchOptions(resourceVersion: version))
            await watch.requestBookmark()
            #expect(await lines(watch, 3) == ["added a", "added b", "bookmark"])
        }
        let watch = try await world.resources.watch(Kinds.Job.info, WatchOptions(sendInitialEvents: true))
        try await world.createJob("c")
        #expect(await lines(watch, 4) == ["added a", "added b", "initial end", "added c"])
    }

    @Test
    func `from a revision it says what changed since, in order`() async throws {
        let world = try await ResourcesFixture()
        let start = try await world.createJob("a")
        let watch = try await world.resources.watch(
            Kinds.Job.info, WatchOptions(resourceVersion: String(start.revision.rawValue)))
        _ = try await world.resources.mergePatch(world.ref("a"), ["spec": ["retries": 1]])
        try await world.createJob("b")
        _ = try await world.resources.delete(world.ref("a"))
        await watch.requestBookmark()
        #expect(await lines(watch, 4) == ["modified a", "added b", "deleted a", "bookmark"])
    }

    @Test
    func `entering a selector is Added, leaving it Deleted`() async throws {
        let world = try await ResourcesFixture()
        try await world.createJob("a")
        let selector = ObjectSelector(fields: FieldSelector([.init(field: "status.state", value: "Running")]))
        let watch = try await world.resources.watch(Kinds.Job.info, namespace: "lab", WatchOptions(selector: selector))
        let ref = world.ref("a")
        _ = try await world.resources.mergePatch(ref, ["status": ["state": "Queued"]], .status)
        _ = try await world.resources.mergePatch(ref, ["status": ["state": "Running"]], .status)
        _ = try await world.resources.mergePatch(ref, ["status": ["members": 1]], .status)
        let left = try await world.resources.mergePatch(ref, ["status": ["state": "Failed"]], .status)
        var iterator = watch.makeAsyncIterator()
        var said: [String] = []
        for _ in 0..<3 {
            let notice = try #require(await iterator.next())
            said.append(line(notice))
            guard case .deleted(let object) = notice else { continue }
            #expect(object.revision == left.revision)
            #expect(try object.tree.text("status", "state") == "Running")
        }
        #expect(said == ["added a", "modified a", "deleted a"])
    }

    @Test
    func `a name in the selector watches one object`() async throws {
        let world = try await ResourcesFixture()
        let selector = ObjectSelector(fields: FieldSelector([.init(field: "metadata.name", value: "a")]))
        let watch = try await world.resources.watch(Kinds.Job.info, namespace: "lab", WatchOptions(selector: selector))
        try await world.createJob("aa")
        try await world.createJob("b")
        try await world.createJob("a")
        await watch.requestBookmark()
        #expect(await lines(watch, 2) == ["added a", "bookmark"])
    }

    @Test
    func `too old, to come and nonsense are refused at once`() async throws {
        let world = try await ResourcesFixture()
        let start = try await world.createJob("a")
        try await world.createJob("b")
        let end = await world.store.currentRevision()
        try await world.store.compact(before: Revision(end.rawValue + 1))
        for (version, answer) in [
            (String(start.revision.rawValue), "410 too old resource version: \(start.revision) (\(end))"),
            ("999999", "504 "), ("x", "422 "),
        ] {
            let refused = await world.refusal { () async throws(APIError) in
                _ = try await world.resources.watch(Kinds.Job.info, WatchOptions(resourceVersion: version))
            }
            #expect(refused.hasPrefix(answer), "\(version)")
        }
    }

    @Test
    func `a reader that is too slow hears Expired, and nothing more`() async throws {
        let world = try await ResourcesFixture()
        let watch = try await world.resources.watch(Kinds.Job.info)
        try await world.createJob("a")
        try await world.createJob("b")
        try await world.store.compact(before: Revision((await world.store.currentRevision()).rawValue + 1))
        #expect(await lines(watch, 2) == ["expired"])
    }
}
