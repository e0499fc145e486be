import Logging
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillScheduler
import TidemillSeams
import TidemillStore
import TidemillWire

/// A rule that is broken on purpose, to show that the checkers would notice.
enum BrokenRule: Equatable {
    case none
    /// Agents let `stop` tasks run past their deadline.
    case agentsIgnoreDeadlines
    /// Shares of Lost slices are given away before the node has come back.
    case lostSharesAreFree
}

/// One seeded history: the shipped reconcilers and scheduler over a memory store, with simulated nodes and a clock that
/// only the simulation moves.
struct Simulation: Sendable {
    var seed: UInt64
    var steps = 100
    /// Steps without faults after which the cluster must have come to rest.
    var patience = 400
    var broken = BrokenRule.none

    /// Throws the first violation; returns what happened on the way.
    @discardableResult
    func run() async throws -> Set<String> {
        var world = try await World(seed: seed, broken: broken)
        for _ in 0..<steps { try await world.step(withFaults: true) }
        world.heal()
        for _ in 0..<patience {
            try await world.step(withFaults: false)
            if try await world.hasConverged() { break }
        }
        try await world.checkConverged()
        return world.seen
    }
}

/// The controller's parts, made anew at each simulated restart.
struct ControllerParts {
    let lifecycle: NodeLifecycle
    let scheduler: Scheduler
    let jobs: JobReconciler
    let allocations: AllocationReconciler
    let garbage: GarbageCollector

    init(_ mirror: ObjectMirror, _ joins: MemoryJoinLog) {
        let silent = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        // Nothing sleeps: the simulation calls each part when its turn comes.
        let never: Sleep = { _ in throw CancellationError() }
        lifecycle = NodeLifecycle(mirror: mirror, joins: joins, sleep: never, logger: silent)
        scheduler = Scheduler(
            mirror: mirror, authority: Authority(lifecycle: lifecycle), sleep: never, logger: silent)
        jobs = JobReconciler(mirror: mirror, sleep: never, logger: silent)
        allocations = AllocationReconciler(mirror: mirror, sleep: never, logger: silent)
        garbage = GarbageCollector(mirror: mirror, sleep: never, logger: silent)
    }

    struct Authority: GrantAuthority {
        let lifecycle: NodeLifecycle
        func permission() async -> GrantPermission { await lifecycle.permission() }
        func agree(after: Duration, on nodes: [NodeID]) async -> Bool { await lifecycle.agree(after: after, on: nodes) }
    }
}
