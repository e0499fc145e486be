import Logging
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillScheduler
import TidemillSeams
import TidemillStore
import TidemillWire

/// One process of the controller: the shipped parts over one session of the store, called one at a time.
final class ControllerProcess {
    private unowned let world: World
    private(set) var runner: Runner
    private(set) var isAlive = false
    private(set) var starts = 0
    private(set) var session: StoreSession
    private(set) var resources: Resources
    private(set) var parts: ControllerParts
    /// The watches of agents that are open.
    var watches: [AgentWatch] = []
    private var scheduled: Set<Int> = []
    /// The part that has its turn.
    private var running: Int?
    /// The lifecycle has read its nodes. Until then other parts wait for it to, and one that came in between would wait for
    /// ever.
    private var hasLooked = false
    private let clock = SimulatedClock()
    /// How far its wall clock is off.
    var wallError: Duration = .zero
    let dice: Dice

    init(world: World) {
        self.world = world
        dice = Dice(seed: world.scenario.seed, for: "controller")
        runner = Runner("controller")
        session = world.disk.open(start: "start-0")
        resources = Resources(store: session, time: clock, randomness: SeededRandomness(seed: world.scenario.seed))
        parts = ControllerParts(ObjectMirror(resources), joins: world.joins, grudge: world.grudge)
    }

    private var engine: Engine { world.engine }

    var wall: WallTime { clock.wall() }

    /// Sets the clocks to now; called before anything of the process runs.
    func tellTime() {
        clock.set(
            engine.now + .seconds(100_000),
            WallTime(nanosecondsSince1970: World.wallAtStart + engine.now.nanoseconds + wallError.wholeNanoseconds))
    }

    // MARK: Life

    func start() async throws {
        guard !isAlive else { return }
        starts += 1
        isAlive = true
        world.haltedAt = nil
        runner = Runner("controller")
        session = world.disk.open(start: "start-\(starts)")
        try world.checker.reopened(at: world.disk.file.state.revision)
        tellTime()
        resources = Resources(
            store: session, time: clock,
            randomness: SeededRandomness(seed: world.scenario.seed &+ UInt64(starts) &* 7919))
        parts = ControllerParts(ObjectMirror(resources), joins: world.joins, grudge: world.grudge)
        scheduled = []
        watches = []
        running = nil
        hasLooked = false
        // One task drives the history, and waits for the part that asks.
        nonisolated(unsafe) let process = self
        world.disk.interlope = { await process.interlope() }
        world.note("controller", "starts, start-\(starts) of \(session.identity.incarnation)")
        do {
            try await resources.bootstrap()
        } catch {
            world.note("controller", "cannot start: \(error)")
            return try await crash()
        }
        for part in ControllerParts.all { wake(part, within: 20) }
        passTime()
        tellBookmarks()
        for part in ControllerParts.all { period(part) }
    }

    func crash() async throws {
        guard isAlive else { return }
        world.note("controller", "dies")
        isAlive = false
        await session.close()
        runner.die()
        for watch in watches { watch.isBroken = true }
        watches = []
        try await world.replay()
        engine.after(dice.milliseconds(200...4000), on: world.network) { [self] in
            if !world.controllerIsAway { try await start() }
        }
    }

    // MARK: Turns

    private func passTime() {
        engine.after(NodeRoster.tickPeriod, on: runner) { [self] in
            tellTime()
            await parts.fleet.lifecycle.passTime()
            wake(ControllerParts.lifecycle, within: 3)
            passTime()
        }
    }

    /// Agents' watches hear from time to time how far they are, also when nothing concerns them.
    private func tellBookmarks() {
        engine.after(.seconds(4), on: runner) { [self] in
            for watch in watches where !watch.isBroken { watch.bookmark(self) }
            tellBookmarks()
        }
    }

    private func period(_ part: Int) {
        engine.after(ControllerParts.periods[part], on: runner) { [self] in
            wake(part, within: 2)
            period(part)
        }
    }

    /// Gives a part its turn soon; asked again before, it is one turn.
    func wake(_ part: Int, within milliseconds: Int) {
        guard isAlive, scheduled.insert(part).inserted else { return }
        engine.after(dice.microseconds(100...(milliseconds * 1000)), on: runner) { [self] in
            scheduled.remove(part)
            try await turn(part)
        }
    }

    private func turn(_ part: Int) async throws {
        tellTime()
        running = hasLooked ? part : nil
        await parts.tick(part)
        running = nil
        if part == ControllerParts.lifecycle { hasLooked = true }
        try await finished()
    }

    /// Another part gets its turn in the middle of one: between any two things that a part asks of the store the others run.
    private func interlope() async {
        guard let current = running, dice.oneIn(12) else { return }
        running = nil
        let other = dice.below(ControllerParts.all.count)
        if other != current, isAlive { await parts.tick(other) }
        running = current
    }

    /// Something of the process ran: tells the checkers what it wrote, and dies if it was to die over it.
    func finished() async throws {
        try await world.replay()
        if await !session.isOpen { try await crash() }
    }

    func wakeAll() {
        for part in ControllerParts.all { wake(part, within: 12) }
    }

    // MARK: What it serves

    func heartbeat(_ heartbeat: Heartbeat) async throws -> HeartbeatReply {
        tellTime()
        let reply = await parts.fleet.heartbeat(heartbeat)
        if reply.accepted { wake(ControllerParts.scheduler, within: 3) }
        if reply.reason == RollbackCheck.reason, world.haltedAt == nil {
            world.haltedAt = "was told of a newer store at \(engine.now.nanoseconds / 1_000_000) ms"
        }
        if let breaker = world.breaker { try await breaker.heard(heartbeat) }
        return reply
    }

    func inventory(_ inventory: Inventory) async throws -> InventoryReply {
        tellTime()
        let reply = await parts.fleet.inventory(inventory)
        wake(ControllerParts.restore, within: 5)
        wake(ControllerParts.lifecycle, within: 5)
        return reply
    }

    /// Answers a request that writes, unless the store is known to be an older copy, as the server does.
    func accept<Answer>(_ body: (Resources) async throws -> Answer) async throws -> Answer {
        try await serve { resources in
            try await resources.checkAccepting()
            return try await body(resources)
        }
    }

    /// Answers a request about the API's objects.
    func serve<Answer>(_ body: (Resources) async throws -> Answer) async throws -> Answer {
        tellTime()
        do {
            let answer = try await body(resources)
            try await finished()
            return answer
        } catch let error as APIError {
            try await finished()
            throw error
        }
    }
}

/// The controller's parts, made anew at each start.
struct ControllerParts {
    let fleet: Fleet
    let scheduler: Scheduler
    let jobs: JobReconciler
    let evictions: EvictionReconciler
    let allocations: AllocationReconciler
    let garbage: GarbageCollector

    static let all = 0..<7
    static let lifecycle = 0
    static let scheduler = 1
    static let restore = 6
    static let periods: [Duration] = [
        .seconds(2), .seconds(1), .seconds(1), .seconds(5), .seconds(10), .seconds(1), .seconds(2),
    ]

    init(_ mirror: ObjectMirror, joins: any JoinLog, grudge: Grudge?) {
        let silent = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        // Nothing sleeps: the simulation calls each part when its turn comes.
        let never: Sleep = { _ in throw CancellationError() }
        let fleet = Fleet(
            lifecycle: NodeLifecycle(mirror: mirror, joins: joins, sleep: never, logger: silent),
            restore: RestoreReconciler(mirror: mirror, sleep: never, logger: silent))
        self.fleet = fleet
        scheduler = Scheduler(
            mirror: mirror, authority: Authority(fleet: fleet, grudge: grudge), sleep: never, logger: silent)
        jobs = JobReconciler(mirror: mirror, sleep: never, logger: silent)
        evictions = EvictionReconciler(
            mirror: mirror, permission: { await fleet.permission() }, sleep: never, logger: silent)
        allocations = AllocationReconciler(mirror: mirror, sleep: never, logger: silent)
        garbage = GarbageCollector(mirror: mirror, sleep: never, logger: silent)
    }

    func tick(_ part: Int) async {
        switch part {
        case Self.lifecycle: await fleet.lifecycle.tick()
        case Self.scheduler: await scheduler.cycle()
        case 2: await jobs.tick()
        case 3: await allocations.tick()
        case 4: await garbage.tick()
        case 5: await evictions.tick()
        default: await fleet.restore.tick()
        }
    }

    struct Authority: GrantAuthority {
        let fleet: Fleet
        let grudge: Grudge?

        func agree(after: Duration, on nodes: [NodeID]) async -> Bool { await fleet.agree(after: after, on: nodes) }

        func permission() async -> GrantPermission {
            let permission = await fleet.permission()
            guard let grudge else { return permission }
            return permission.and(await grudge.after(permission))
        }
    }
}

/// A broken rule: what was once withheld from replacements stays withheld.
actor Grudge {
    private var hold: GrantPermission.Hold?

    func after(_ permission: GrantPermission) -> GrantPermission {
        hold = hold ?? permission.replacements
        return GrantPermission(replacements: hold)
    }
}
