import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillSeams

/// What a machine does for its agent, as `LinuxSliceHost` does it on a real one. Nothing waits: each answer comes to a
/// closure that runs in the agent's process.
extension Machine {
    private func answer(_ process: AgentProcess, _ body: @escaping () -> Void) {
        engine.after(dice.microseconds(100...1500), on: process.runner) { body() }
    }

    func prepare(_ slice: HeldSlice, for process: AgentProcess, then: @escaping (String?) -> Void) {
        engine.after(dice.milliseconds(1...25), on: process.runner) { [self] in
            if disk.isFull { return then("no space left on device") }
            disk.files[slice.key, default: .init()].hasSpec = disk.files[slice.key]?.hasSpec ?? false
            groups.insert(slice.key)
            if let cut = slice.plan?.cut {
                cpus[slice.key] = Set(cut.cpus)
                if cut.isWhole { whole.insert(slice.key) } else { whole.remove(slice.key) }
            }
            then(nil)
        }
    }

    /// Slices that are gone are passed over. Those that are bound here share their CPUs.
    func bind(_ bindings: CPUBindings) {
        guard !world.broken.contains(.shareGivenCores) else { return }
        for entry in bindings.entries where groups.contains(entry.key) {
            cpus[entry.key] = CPUBindings.numbers(entry.cpus)
            whole.remove(entry.key)
        }
    }

    enum StartResult {
        case started(RunningTask)
        case nothingRan(TaskOutcome)
    }

    func start(
        _ slice: HeldSlice, _ behaviour: TaskBehaviour, deadline: Deadline?, for process: AgentProcess,
        then: @escaping (StartResult) -> Void
    ) {
        engine.after(disk.latency(), on: process.runner) { [self] in
            guard let member = slice.member, !disk.isFull else {
                return then(.nothingRan(TaskVerdict.startError("The shim could not be started: no space.")))
            }
            disk.files[slice.key, default: .init()].hasSpec = true
            engine.after(dice.milliseconds(1...6), on: process.runner) { [self] in
                let shim = SimulatedShim(
                    machine: self, slice: slice, member: member, deadline: deadline, behaviour: behaviour)
                shims.append(shim)
                world.truth.launched(shim)
                shim.begin()
                awaitStart(of: shim, until: now + .seconds(30), for: process, then)
            }
        }
    }

    private func awaitStart(
        of shim: SimulatedShim, until end: Instant, for process: AgentProcess, _ then: @escaping (StartResult) -> Void
    ) {
        var isDone = false
        let look = { [self] in
            guard !isDone else { return }
            let hasEnded = !shim.isShimAlive
            let files = disk.files[shim.key] ?? .init()
            if let started = files.started {
                isDone = true
                return then(.started(RunningTask(started)))
            }
            if hasEnded {
                isDone = true
                let outcome = files.ended.map(TaskOutcome.init)
                return then(.nothingRan(outcome ?? TaskVerdict.startError("The shim ended before the command.")))
            }
            if now >= end {
                isDone = true
                revoke(shim.key)
                shim.kill()
                return then(.nothingRan(TaskVerdict.startError("The shim recorded no start in time.")))
            }
        }
        shim.listen { [self] in engine.after(dice.milliseconds(1...10), on: process.runner) { look() } }
        engine.at(trueTime(end), on: process.runner) { look() }
        // Whoever listens is told once; a started record comes before the end.
        look()
    }

    func revoke(_ key: SliceKey) {
        guard disk.files[key]?.hasSpec == true else { return }
        disk.files[key]?.hasSpec = false
        disk.files[key]?.isRevoked = true
    }

    func shim(of task: RunningTask) -> SimulatedShim? {
        shims.first { $0.shim == task.shim && $0.isShimAlive }
    }

    func end(of slice: HeldSlice, _ task: RunningTask, for process: AgentProcess, then: @escaping (Remains) -> Void) {
        guard let shim = shim(of: task) else {
            return answer(process) { [self] in
                then(
                    Remains(
                        outcome: disk.files[slice.key]?.ended.map(TaskOutcome.init), startedAt: task.startedAt))
            }
        }
        shim.listen { [self] in
            engine.after(dice.milliseconds(1...5), on: process.runner) { [self] in
                end(of: slice, task, for: process, then: then)
            }
        }
    }

    /// Ends what is left of a grant. False while a process is left.
    func empty(_ key: SliceKey) -> Bool {
        let started = disk.files[key]?.started
        let alive = shims.filter { $0.key == key && ($0.isShimAlive || $0.hasProcesses) }
        if started?.boot == bootID, alive.contains(where: \.isShimAlive) {
            for shim in alive { shim.kill() }
            return false
        }
        guard groups.contains(key) else { return true }
        if alive.contains(where: \.hasProcesses) {
            for shim in alive { shim.killTask() }
            return false
        }
        groups.remove(key)
        cpus[key] = nil
        whole.remove(key)
        shims.removeAll { $0.key == key && !$0.isShimAlive }
        return true
    }

    func remains(of key: SliceKey, for process: AgentProcess, tries: Int = 0, then: @escaping (Remains) -> Void) {
        let files = disk.files[key]
        let hasProcesses = shims.contains { $0.key == key && $0.hasProcesses }
        let hasTraces = files.map { $0.hasSpec || $0.isRevoked || $0.started != nil || $0.ended != nil } ?? false
        guard hasTraces || hasProcesses else { return answer(process) { then(.nothing) } }
        engine.after(tries == 0 ? dice.milliseconds(1...4) : .milliseconds(50), on: process.runner) { [self] in
            let remains = remainsNow(key)
            if remains.running != nil || remains.startedAt != nil || remains.outcome != nil || tries == 20 {
                return then(remains)
            }
            revoke(key)
            self.remains(of: key, for: process, tries: tries + 1, then: then)
        }
    }

    private func remainsNow(_ key: SliceKey) -> Remains {
        let files = disk.files[key] ?? .init()
        if let started = files.started, started.boot == bootID,
            shims.contains(where: { $0.shim == started.shim && $0.isShimAlive })
        {
            return Remains(running: RunningTask(started), startedAt: started.startedAt)
        }
        return Remains(outcome: files.ended.map(TaskOutcome.init), startedAt: files.started?.startedAt)
    }

    func found() -> [SliceKey] {
        groups.union(disk.files.keys).sorted { ($0.uid, $0.epoch) < ($1.uid, $1.epoch) }
    }
}

extension CPUBindings {
    /// The numbers of a kernel list.
    fileprivate static func numbers(_ list: String) -> Set<Int> {
        var numbers: Set<Int> = []
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            if let first = ends.first, let last = ends.last { numbers.formUnion(first...last) }
        }
        return numbers
    }
}

extension RunningTask {
    init(_ record: StartedRecord) {
        self.init(shim: record.shim, pid: record.task.pid, startedAt: record.startedAt, unenforced: record.unenforced)
    }
}
