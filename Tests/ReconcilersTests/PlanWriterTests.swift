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
}
