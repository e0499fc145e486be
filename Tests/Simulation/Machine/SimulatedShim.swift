import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// One shim with its task: the shipped `ShimLife` in a process, and beside it what the kernel does whatever the shim does.
final class SimulatedShim {
    enum TaskState: Equatable {
        /// Its first process exists and waits to be let go.
        case none, waiting
        /// User code executes.
        case executing
        /// Killed: no user code, but a process is left.
        case dying
        case gone
    }

    unowned let machine: Machine
    let key: SliceKey
    let member: SliceMember
    let token: Token
    let stopAfter: Duration?
    let behaviour: TaskBehaviour
    let shim: ProcessIdentity
    let initProcess: ProcessIdentity
    let command: ProcessIdentity
    let runner: Runner
    /// The task's own processes; they die with the namespace's init.
    private let taskRunner: Runner
    private(set) var life: ShimLife
    private(set) var task = TaskState.none
    private(set) var isShimAlive = true
    /// The task is in a frozen cgroup: it holds what it has and executes nothing.
    private(set) var isFrozen = false
    private(set) var truth: ActiveTime?
    private var isStopping = false
    private var timer: Instant?
    private var wakeWish = 0
    private var endedAt: (wall: WallTime, instant: Instant)?
    private var startedAt: (wall: WallTime, instant: Instant)?
    /// Told once each time the shim's process changes what an agent can see of it.
    private var listeners: [() -> Void] = []

    init(machine: Machine, slice: HeldSlice, member: SliceMember, deadline: Deadline?, behaviour: TaskBehaviour) {
        self.machine = machine
        key = slice.key
        self.member = member
        token = slice.grant.token
        stopAfter = slice.grant.stopAfter
        self.behaviour = behaviour
        shim = machine.newPid()
        initProcess = machine.newPid()
        command = machine.newPid()
        runner = Runner("shim \(slice.key)", in: machine.kernel)
        taskRunner = Runner("task \(slice.key)", in: machine.kernel)
        life = ShimLife(deadline: deadline, stopGrace: .seconds(30))
    }

    private var engine: Engine { machine.engine }
    private var world: World { machine.world }

    /// Whether a process is left that keeps its cgroup busy.
    var hasProcesses: Bool { task == .waiting || task == .executing || task == .dying }
    /// Whether user code can execute at this moment.
    var executes: Bool { task == .executing && !isFrozen && !machine.isPaused }

    func listen(_ listener: @escaping () -> Void) { listeners.append(listener) }

    // MARK: The shim's own steps

    func begin() {
        engine.after(machine.dice.milliseconds(1...8), on: runner) { [self] in
            perform(life.start(machine.page, at: machine.now))
            if life.outcome != nil { return clear() }
            engine.after(machine.dice.milliseconds(1...12), on: runner) { [self] in
                guard life.outcome == nil else { return }
                task = .waiting
                engine.after(machine.dice.milliseconds(1...4), on: runner) { [self] in release() }
            }
        }
    }

    /// Records who runs, durably, and lets the command go unless its time is over or the start was revoked.
    private func release() {
        guard life.outcome == nil, task == .waiting else { return }
        if isStopping { return fail(.stopped, "stopped before the command started") }
        startedAt = (machine.wall, machine.now)
        let record = StartedRecord(
            sliceUID: key.uid, epoch: key.epoch, boot: machine.bootID, shim: shim, initProcess: initProcess,
            task: command, startedAt: machine.wall, unenforced: [])
        engine.after(machine.disk.latency(), on: runner) { [self] in
            guard life.outcome == nil, task == .waiting else { return }
            if machine.disk.isFull { return fail(.startError, "cannot write the started record") }
            machine.disk.files[key, default: .init()].started = record
            tell()
            if machine.disk.files[key]?.hasSpec != true {
                startedAt = nil
                return fail(.startError, "the agent gave the start up before the command ran")
            }
            if life.deadline?.hasPassed(at: machine.now) == true, !world.broken.contains(.noFence) {
                startedAt = nil
                return perform(life.on(.woke(nil), at: machine.now))
            }
            letGo()
        }
    }

    private func letGo() {
        guard let startedAt else { return }
        task = .executing
        truth = world.truth.began(self, at: startedAt.instant)
        world.note(machine.name, "task \(key) of \(member.job)/\(member.index) attempt \(member.attempt) executes")
        engine.after(behaviour.lasts, on: taskRunner) { [self] in commandIsDone() }
    }

    private func commandIsDone() {
        guard task == .executing else { return }
        // A frozen command gets no further; it goes on where it was.
        if isFrozen { return engine.after(.milliseconds(250), on: taskRunner) { [self] in commandIsDone() } }
        world.note(machine.name, "task \(key) ends by itself with status \(behaviour.exitCode)")
        finishExecuting()
        task = .gone
        report(exitCode: behaviour.exitCode, signal: nil)
    }

    private func report(exitCode: Int32?, signal: Int32?) {
        engine.after(machine.dice.microseconds(50...500), on: runner) { [self] in
            perform(life.on(.commandEnded(exitCode: exitCode, signal: signal), at: machine.now))
        }
    }

    /// SIGTERM to the shim.
    func askToEnd() {
        engine.after(.microseconds(100), on: runner) { [self] in
            isStopping = true
            perform(life.on(.stopRequested, at: machine.now))
        }
    }

    private func perform(_ effects: [ShimLife.Effect]) {
        for effect in effects {
            switch effect {
            case .armKernelTimer(let instant): arm(instant)
            case .wakeAt(let instant): wake(at: instant)
            case .askCommandToEnd: askCommand()
            case .endSlice: break
            }
        }
        if life.outcome != nil, endedAt == nil { clear() }
    }

    private func wake(at instant: Instant) {
        wakeWish += 1
        let wish = wakeWish
        engine.at(machine.trueTime(instant), on: runner) { [self] in
            guard wish == wakeWish, life.outcome == nil else { return }
            perform(life.on(.woke(machine.page), at: machine.now))
        }
    }

    private func askCommand() {
        guard task == .executing else {
            if task != .gone { fail(.stopped, "stopped before the command started") }
            return
        }
        guard let obeysAfter = behaviour.obeysAfter else { return }
        engine.after(obeysAfter, on: taskRunner) { [self] in
            guard task == .executing, !isFrozen else { return }
            finishExecuting()
            task = .gone
            report(exitCode: nil, signal: 15)
        }
    }

    private func fail(_ reason: EndReason, _ message: String) {
        perform(life.on(.failed(reason, message: message), at: machine.now))
    }

    /// Ends every process, waits until none is left, then records the end.
    private func clear() {
        endedAt = (machine.wall, machine.now)
        killTask()
        afterEmpty { [self] in
            timer = nil
            engine.after(machine.disk.latency(), on: runner) { [self] in recordEnd() }
        }
    }

    private func afterEmpty(_ then: @escaping () -> Void) {
        if !hasProcesses { return then() }
        engine.after(.milliseconds(5), on: runner) { [self] in afterEmpty(then) }
    }

    private func recordEnd() {
        if let outcome = life.outcome(oomKills: 0), let endedAt, !machine.disk.isFull {
            machine.disk.files[key, default: .init()].ended = EndRecord(
                sliceUID: key.uid, epoch: key.epoch, token: token, exitCode: outcome.exitCode, signal: outcome.signal,
                reason: outcome.reason, message: outcome.message, startedAt: startedAt?.wall,
                finishedAt: endedAt.wall, startedInstant: startedAt?.instant, finishedInstant: endedAt.instant)
            truth?.recordedEnd = endedAt.instant
            world.note(machine.name, "shim \(key) records \(outcome.reason.rawValue)")
        }
        shimIsGone()
    }

    // MARK: The kernel

    private func arm(_ instant: Instant) {
        timer = instant
        engine.at(machine.trueTime(instant), on: machine.kernel) { [self] in
            guard isShimAlive, timer == instant, !world.broken.contains(.noFence) else { return }
            world.note(machine.name, "the kernel's fence ends shim \(key)")
            kill()
        }
    }

    /// SIGKILL to the shim: its namespace dies with it, and nobody records an end.
    func kill() {
        guard isShimAlive else { return }
        killTask()
        shimIsGone()
    }

    private func shimIsGone() {
        isShimAlive = false
        runner.die()
        tell()
    }

    /// SIGKILL to the namespace's init: atomic, however long the processes take to be gone.
    func killTask() {
        switch task {
        case .none: task = .gone
        case .gone, .dying: break
        case .waiting, .executing:
            finishExecuting()
            task = .dying
            isFrozen = false
            taskRunner.die()
            engine.after(behaviour.dyingTakes, on: machine.kernel) { [self] in if task == .dying { task = .gone } }
        }
    }

    private func finishExecuting() {
        truth?.end = machine.now
        if task == .executing { world.truth.ended(self) }
    }

    func freeze(_ frozen: Bool) {
        guard task == .executing, isFrozen != frozen else { return }
        isFrozen = frozen
        world.note(machine.name, "task \(key) is \(frozen ? "frozen" : "thawed")")
    }

    /// The machine lost its power.
    func vanish() {
        finishExecuting()
        task = .gone
        isShimAlive = false
        runner.die()
        taskRunner.die()
        listeners = []
    }

    private func tell() {
        let told = listeners
        listeners = []
        for listener in told { listener() }
    }
}

/// What a command does when it is left alone, and when it is not.
struct TaskBehaviour {
    var lasts: Duration
    var exitCode: Int32
    /// How long it goes on after SIGTERM; nil when it does not mind.
    var obeysAfter: Duration?
    /// How long its processes take to be gone once they are killed.
    var dyingTakes: Duration

    init(_ dice: Dice, lasts: ClosedRange<Int>, failsPerMille: Int) {
        self.lasts = dice.milliseconds(lasts)
        exitCode = dice.chance(failsPerMille) ? 1 : 0
        obeysAfter = dice.oneIn(4) ? nil : dice.milliseconds(1...1500)
        switch dice.below(40) {
        case 0: dyingTakes = dice.milliseconds(1000...8000)
        case 1: dyingTakes = dice.milliseconds(60_000...90_000)
        default: dyingTakes = dice.milliseconds(1...60)
        }
    }
}
