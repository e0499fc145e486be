import Synchronization
import Testing
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// Resources over a fresh memory store with `default` and `lab` in place, and a clock that the test moves.
struct ResourcesFixture {
    let store: MemoryStore
    let time = MovableTime()
    let resources: Resources

    init() async throws {
        store = MemoryStore()
        resources = Resources(store: store, time: time, randomness: Dice(seed: 7))
        try await resources.bootstrap()
        _ = try await resources.create(Kinds.Namespace.info, ["metadata": ["name": "lab"]])
    }

    func job(_ name: String, labels: JSON? = nil, finalizers: JSON? = nil) -> JSON {
        var job: JSON = [
            "metadata": ["name": .string(name)],
            "spec": [
                "slice": ["cpu": "1", "memory": "64Mi"],
                "template": ["command": ["true"]],
            ],
        ]
        if let labels { job["metadata"]?["labels"] = labels }
        if let finalizers { job["metadata"]?["finalizers"] = finalizers }
        return job
    }

    func ref(_ name: String, in namespace: String = "lab") -> ObjectRef {
        ObjectRef(kind: Kinds.Job.info, namespace: namespace, name: name)
    }

    @discardableResult
    func createJob(_ name: String, labels: JSON? = nil, finalizers: JSON? = nil) async throws -> StoredObject {
        try await resources.create(
            Kinds.Job.info, namespace: "lab", job(name, labels: labels, finalizers: finalizers))
    }

    /// The text of the error that `body` throws, in the words of the wire.
    func refusal(_ body: () async throws(APIError) -> Void) async -> String {
        do throws(APIError) {
            try await body()
            return "none"
        } catch {
            let status = Status(error)
            return "\(status.code) \(status.message)"
        }
    }
}

/// A clock that only the test moves.
final class MovableTime: TimeSource {
    private let seconds = Mutex<Int64>(1_795_231_029)

    func now() -> Instant { Instant(nanoseconds: seconds.withLock { $0 } * 1_000_000_000) }
    func wall() -> WallTime { WallTime(nanosecondsSince1970: seconds.withLock { $0 } * 1_000_000_000) }
    func advance(_ more: Int64) { seconds.withLock { $0 += more } }
}

/// Seeded randomness.
final class Dice: Randomness {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) {
        generator = Mutex(SeededGenerator(seed: seed))
    }

    func next() -> UInt64 { generator.withLock { $0.next() } }
}

extension JSON {
    func text(_ path: String...) -> String? { at(path)?.string }
    func number(_ path: String...) -> Int64? { at(path)?.integer }
    var version: String? { text("metadata", "resourceVersion") }
    var generation: Int64? { number("metadata", "generation") }
}
