import Logging
import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore

@Suite struct PlanWriterTests {
    private struct StillTime: TimeSource {
        func now() -> Instant { Instant(nanoseconds: 0) }
        func wall() -> WallTime { WallTime(nanosecondsSince1970: 1_000_000_000_000) }
    }

    private struct OneNumber: Randomness {
        func next() -> UInt64 { 7 }
    }

    @Test func `a transaction of too many bytes is written in parts, in order`() async throws {
        let resources = Resources(store: MemoryStore(), time: StillTime(), randomness: OneNumber())
        try await resources.bootstrap()
        let template = Kinds.TaskTemplate(command: ["sh", "-c", String(repeating: "x", count: 60_000)])
        let tasks = (0..<40).map { index in
            PlannedChange.create(
                Kinds.Task(
                    metadata: ObjectMeta(name: "t-\(index)", namespace: "default"),
                    spec: Kinds.TaskSpec(slice: "t-\(index)", template: template)))
        }
        let writer = PlanWriter(
            resources: resources, component: "test", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await writer.write([tasks], about: "test")
        let written = try await resources.readAll(Kinds.Task.self).objects
        #expect(written.count == 40)
        let first = written.first { $0.metadata.name == "t-0" }
        let last = written.first { $0.metadata.name == "t-39" }
        #expect(try #require(first?.revision) < #require(last?.revision))
    }

    @Test func `plans share a commit, and one that cannot be written holds up none of them`() async throws {
        let resources = Resources(store: MemoryStore(), time: StillTime(), randomness: OneNumber())
        try await resources.bootstrap()
        let writer = PlanWriter(
            resources: resources, component: "test", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        func order(_ name: String) -> PlanWriter.Order {
            let task = Kinds.Task(
                metadata: ObjectMeta(name: name, namespace: "default"),
                spec: Kinds.TaskSpec(slice: name, template: Kinds.TaskTemplate(command: ["true"])))
            return PlanWriter.Order([[.create(task)]], about: name)
        }
        await writer.write((0..<150).map { order("t-\($0)") })
        let together = try await resources.readAll(Kinds.Task.self).objects
        #expect(together.count == 150)
        #expect(Set(together.map(\.metadata.resourceVersion)).count == 3)
        await writer.write([order("u-0"), order("t-0"), order("u-1")])
        let names = try await resources.readAll(Kinds.Task.self).objects.map(\.metadata.name)
        #expect(names.filter { $0.hasPrefix("u") } == ["u-0", "u-1"])
    }
}
