import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillWire

/// One process of an agent: the shipped cores in a shell that performs what they ask on the simulated machine, step by
/// step as `SliceKeeper`, `ReportWriter` and `LeaseKeeper` do. It can die between any two steps.
final class AgentProcess {
    let machine: Machine
    let runner: Runner
    let id: String
    var core: SliceCore
    var heartbeats: HeartbeatCore
    private(set) lazy var writer = ReportDesk(self)
    private var watches: [AgentWatch] = []
    private var clock = ClockWatch()
    private var isRecovered = false
    private var early: [SliceEvent] = []
    private let identity: NodeIdentity
    private let journal: NodeDisk.Journal
    var appliedSlices = Revision(0)
    var appliedGangs = Revision(0)
    /// The newest demand for fresh lists.
    private(set) var demand = 0
    /// The last bindings of CPUs that reached the machine.
    private var boundNumber = 0
    private var isRemembering = false
    private var remembersAgain = false

    init(machine: Machine, start: Int) {
        self.machine = machine
        id = "\(machine.name)-agent-\(start)"
        runner = Runner(id, in: machine.kernel)
        let renewal = machine.page
        journal = machine.disk.journal
        identity = NodeIdentity(
            node: machine.node, bootID: machine.bootID, machineID: machine.machineID, agentStart: id)
        core = SliceCore(
            bootID: machine.bootID, devices: machine.capacities, abilities: machine.abilities, memory: journal.slices,
            lastRenewal: renewal?.boot == machine.bootID ? renewal?.sentAt : nil)
        heartbeats = HeartbeatCore(identity: identity, memory: journal.heartbeats)
    }

    var world: World { machine.world }
    var engine: Engine { machine.engine }
    var appliedRevision: Revision { min(appliedSlices, appliedGangs) }

    func begin() {
        world.note(machine.name, "agent \(id) starts")
        // Whoever comes after must know that this process may have been accepted, before it can be.
        save(.heartbeats(journal.heartbeats.beginning(id))) { [self] in
            recover()
            beat()
            register()
            lookAlive()
            watches = AgentWatch.Kind.allCases.map { AgentWatch(kind: $0, process: self) }
            for watch in watches { watch.begin() }
        }
    }

    // MARK: Start

    /// Reads the journal, looks for what is left of every grant, and lets the core adopt it.
    private func recover() {
        let held = journal.held.values.sorted { $0.uid < $1.uid }
        let known = Set((held + journal.released).map(\.key))
        collect(held.map { (key: $0.key, slice: $0) }, []) { [self] events in
            let strays = machine.found().filter { !known.contains($0) }
            collect(strays.map { (key: $0, slice: nil) }, events) { [self] events in
                isRecovered = true
                core.remember(journal.released)
                let waiting = early
                early = []
                for event in events + [.scanned] + waiting { feed(event) }
            }
        }
    }

    private func collect(
        _ left: [(key: SliceKey, slice: HeldSlice?)], _ done: [SliceEvent], then: @escaping ([SliceEvent]) -> Void
    ) {
        guard let next = left.first else { return then(done) }
        machine.remains(of: next.key, for: self) { [self] remains in
            let event: SliceEvent = next.slice.map { .recovered($0, remains) } ?? .stray(next.key, remains)
            collect(Array(left.dropFirst()), done + [event], then: then)
        }
    }

    // MARK: Events and effects

    func feed(_ event: SliceEvent) {
        guard isRecovered else {
            if event.speaksOfLease { early.removeAll(where: \.speaksOfLease) }
            return early.append(event)
        }
        let knewAll = core.mayForgetUnknown
        let effects = core.on(event, at: machine.now)
        if core.mayForgetUnknown, !knewAll { engine.after(.milliseconds(1), on: runner) { [self] in sweep() } }
        for effect in effects {
            world.note(machine.name, effect.summary)
            engine.after(machine.dice.microseconds(5...400), on: runner) { [self] in perform(effect) }
        }
    }

    private func perform(_ effect: SliceEffect) {
        switch effect {
        case .prepare(let slice):
            persist(slice) { [self] in
                machine.prepare(slice, for: self) { [self] failure in
                    if let failure { return feed(.prepareFailed(slice.key, message: failure)) }
                    bind(preparing: slice.key) { [self] in feed(.prepared(slice.key)) }
                }
            }
        case .start(let slice, let deadline):
            persist(slice) { [self] in start(slice, deadline) }
        case .watch(let slice):
            persist(slice) { [self] in
                guard case .active(let task) = slice.phase else { return }
                machine.end(of: slice, task, for: self) { [self] in feed(.shimEnded(slice.key, $0)) }
            }
        case .stop(let slice):
            persist(slice) { [self] in stop(slice) }
        case .empty(let slice):
            if world.broken.contains(.releaseEarly) {
                // The broken rule: the controller hears that nothing is left before anyone has looked.
                return feed(.emptied(slice.key, at: machine.wall))
            }
            persist(slice) { [self] in empty(slice, tries: 0) }
        case .report(let slice):
            persist(slice) { [self] in
                writer.report(slice) { [self] in feed($0) }
            }
        case .keep(let slice):
            persist(slice) {}
        case .freeze(let slice), .thaw(let slice):
            for shim in machine.shims where shim.key == slice.key { shim.freeze(core.isFrozen(slice.key)) }
        case .bind:
            bind {}
        case .relist(let number):
            demand = max(demand, number)
            for watch in watches { watch.relist() }
        case .sendInventory:
            sendInventory()
        case .remember:
            remember()
        case .refuse(let view, let reason, let message):
            writer.refuse(view, reason, message)
        case .forget(let slice):
            close(slice)
        }
    }

    /// The bindings of now reach the machine a moment later; of two on their way the later counts.
    private func bind(preparing: SliceKey? = nil, then: @escaping () -> Void) {
        let bindings = core.bindings(preparing: preparing)
        engine.after(machine.dice.microseconds(50...3000), on: runner) { [self] in
            if bindings.number > boundNumber {
                boundNumber = bindings.number
                machine.bind(bindings)
            }
            then()
        }
    }

    private func start(_ slice: HeldSlice, _ deadline: Deadline?) {
        if let stop = core.held[slice.uid]?.stop {
            let outcome = TaskVerdict.judge(TaskOutcome(state: .failed, reason: "Error", message: ""), stop: stop)
            return feed(.startFailed(slice.key, outcome))
        }
        writer.task(of: slice) { [self] answer in
            switch answer {
            case .success(let task):
                guard task != nil, let member = slice.member else {
                    return feed(
                        .startFailed(slice.key, TaskVerdict.startError("The task of the slice does not exist.")))
                }
                let behaviour = world.behaviour(of: member)
                machine.start(slice, behaviour, deadline: core.deadline(of: slice.key) ?? deadline, for: self) {
                    [self] result in
                    switch result {
                    case .started(let task): feed(.started(slice.key, task))
                    case .nothingRan(let outcome): feed(.startFailed(slice.key, outcome))
                    }
                }
            case .failure:
                engine.after(.milliseconds(500), on: runner) { [self] in start(slice, deadline) }
            }
        }
    }

    private func stop(_ slice: HeldSlice) {
        guard case .active(let task) = slice.phase else { return }
        machine.shim(of: task)?.askToEnd()
        engine.after(.seconds(75), on: runner) { [self] in
            if let now = core.held[slice.uid], now.key == slice.key, now.phase == slice.phase {
                machine.shim(of: task)?.kill()
            }
        }
    }

    private func empty(_ slice: HeldSlice, tries: Int) {
        if machine.empty(slice.key) { return feed(.emptied(slice.key, at: machine.wall)) }
        if tries == 59 { feed(.stuck(slice.key)) }
        engine.after(tries < 20 ? .milliseconds(50) : .seconds(1), on: runner) { [self] in
            empty(slice, tries: tries + 1)
        }
    }

    // MARK: Journal

    /// Makes the slice's newest state durable, trying until it works: what is not in the journal is not done.
    private func persist(_ slice: HeldSlice, then: @escaping () -> Void) {
        guard let current = core.held[slice.uid], current.key == slice.key else { return then() }
        if world.broken.contains(.noJournal) { return then() }
        machine.disk.submit(.put(current), for: self) { [self] isDone in
            if isDone { return then() }
            engine.after(.seconds(1), on: runner) { [self] in persist(slice, then: then) }
        }
    }

    private func close(_ slice: HeldSlice) {
        machine.disk.submit(.close(slice), for: self) { [self] isDone in
            if isDone { return sweep() }
            engine.after(.seconds(1), on: runner) { [self] in close(slice) }
        }
    }

    /// Keeps a row, trying until it works.
    private func save(_ row: NodeDisk.Write, then: @escaping () -> Void = {}) {
        machine.disk.submit(row, for: self) { [self] isDone in
            if isDone { return then() }
            engine.after(.seconds(1), on: runner) { [self] in save(row, then: then) }
        }
    }

    private func remember() {
        if isRemembering {
            remembersAgain = true
            return
        }
        isRemembering = true
        save(.slices(core.memory)) { [self] in
            isRemembering = false
            if remembersAgain {
                remembersAgain = false
                remember()
            }
        }
    }

    private func lookAlive() {
        engine.after(AliveNote.period, on: runner) { [self] in
            let alive = core.active.filter { slice in
                machine.shims.contains { $0.key == slice.key && $0.task == .executing }
            }
            if !alive.isEmpty { feed(.alive(Set(alive.map(\.key)), at: machine.now, wall: machine.wall)) }
            lookAlive()
        }
    }

    private func sendInventory() {
        let inventory = core.inventory(of: identity)
        world.note(
            machine.name, "says that it holds \(inventory.held.map { "\($0.uid).\($0.grant.epoch) \($0.phase)" })")
        world.call(self, timeout: .seconds(30)) { controller in
            try await controller.inventory(inventory)
        } then: { [self] result in
            if case .success(let reply) = result {
                feed(.inventoryAnswered(reply))
            } else {
                feed(.inventoryUnanswered)
            }
        }
    }

    /// Files of grants that nobody holds and that the controller no longer knows.
    func sweep() {
        guard core.mayForgetUnknown else { return }
        for key in machine.found() where core.isUnknown(key) {
            machine.disk.files[key] = nil
        }
    }

    // MARK: Lease

    private func beat() {
        let jump = clock.sample(wall: machine.wall, boot: machine.now)
        if jump != .zero { feed(.clockJumped(by: jump)) }
        let heartbeat = heartbeats.beat(
            at: machine.now, applied: appliedRevision, hasUntoldEnds: core.hasUntoldEnds)
        world.call(self, timeout: heartbeats.patience) { controller in
            try await controller.heartbeat(heartbeat)
        } then: { [self] result in
            if case .success(let reply) = result { take(heartbeats.answered(reply, to: heartbeat)) }
            if let memory = heartbeats.toSave(at: machine.now) {
                // A full disk loses it; the next change is the next try.
                machine.disk.submit(.heartbeats(memory), for: self) { _ in }
            }
            engine.after(heartbeats.wait(at: machine.now, randomness: machine.dice.bits()), on: runner) { [self] in
                beat()
            }
        }
    }

    private func take(_ outcome: HeartbeatCore.Outcome) {
        switch outcome {
        case .renewed(let sentAt, let incarnation, let start, let wantsInventory):
            machine.acknowledged = max(sentAt, machine.acknowledged ?? sentAt)
            let counted = world.broken.contains(.deadlineFromReceipt) ? machine.now : sentAt
            machine.page = Renewal(boot: machine.bootID, incarnation: incarnation, sentAt: counted)
            feed(.renewed(sentAt: counted, incarnation: incarnation, start: start, wantsInventory: wantsInventory))
        case .turnedAway(let reason, _, let wantsInventory):
            world.note(machine.name, "is turned away: \(reason)")
            world.chronicle.saw("turned away: \(reason)")
            feed(.turnedAway(wantsInventory: wantsInventory))
        case .ignored:
            break
        }
    }

    // MARK: Registration

    /// Keeps Node and Device in the API as the machine is; as `NodeRegistrar` does.
    private func register() {
        guard core.acceptsNode else {
            return engine.after(.milliseconds(50), on: runner) { [self] in register() }
        }
        let report = NodeFacts(machine)
        world.call(self, timeout: .seconds(30)) { controller in
            try await controller.accept { try await report.write($0) }
        } then: { [self] result in
            let isDone = if case .success = result { true } else { false }
            engine.after(isDone ? .seconds(60) : machine.dice.milliseconds(200...3000), on: runner) { [self] in
                register()
            }
        }
    }
}

extension SliceEvent {
    /// Whether it says how the controller stands to this node; only the last such one counts.
    var speaksOfLease: Bool {
        switch self {
        case .renewed, .turnedAway: true
        default: false
        }
    }
}
