import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillStore

/// Judges after every step, from the store and from the truth on the machines. It knows nothing of the workload.
final class Checker {
    unowned let world: World
    var finals: [String: Kinds.JobState] = [:]
    var gangs: [String: Kinds.GangRecord] = [:]
    /// Attempts whose gang was ever Started, by job uid.
    var startedAttempts: [String: Set<Int64>] = [:]
    var epochs: [String: Epoch] = [:]
    /// The newest grant of each task index.
    var tokens: [String: (token: Int64, slice: String)] = [:]
    var taskTokens: [String: Int64] = [:]
    var revision = Revision(0)
    var metered: [String: Int64] = [:]
    private var lastVersion = -1

    init(world: World) {
        self.world = world
    }

    var view: StoreView { world.view }

    /// Another store is in its place: a restored or older one remembers other things.
    func reset(revision: Revision) {
        finals = [:]
        gangs = [:]
        epochs = [:]
        tokens = [:]
        taskTokens = [:]
        metered = [:]
        self.revision = revision
        for (key, job) in view.jobs { note(key, job) }
        for record in view.allocations.values { epochs[record.node.rawValue] = record.epoch }
        for slice in view.slices.values { noteToken(slice) }
    }

    private func note(_ key: String, _ job: Kinds.Job) {
        if job.status.state.isFinal { finals[job.metadata.uid] = job.status.state }
        gangs[job.metadata.uid] = job.status.gang
        if let gang = job.status.gang, gang.state == .started {
            startedAttempts[job.metadata.uid, default: []].insert(gang.attempt)
        }
    }

    private func noteToken(_ slice: Kinds.Slice) {
        guard let grant = slice.status.grant, let member = slice.spec.member else { return }
        let index = "\(member.jobUID)/\(member.index)"
        if tokens[index].map({ $0.token < grant.token }) ?? true { tokens[index] = (grant.token, slice.metadata.uid) }
    }

    // MARK: Of the machines, after every step

    func checkMachines() throws {
        try oneRunner()
        try noGhost()
        try onlyStartedGangsRun()
        try onlyHeldSharesAreUsed()
        try wholeCoresAreAlone()
    }

    /// 1b. At most one attempt of a task index executes, on all machines together.
    private func oneRunner() throws {
        var running: [String: SimulatedShim] = [:]
        for shim in world.truth.executing where shim.executes {
            let index = "\(shim.member.jobUID)/\(shim.member.index)"
            if let other = running.updateValue(shim, forKey: index), !world.isExcused(shim), !world.isExcused(other) {
                throw Violation(
                    "1b",
                    "\(shim.member.job)/\(shim.member.index) executes twice: attempt \(other.member.attempt) on "
                        + "\(other.machine.name) and attempt \(shim.member.attempt) on \(shim.machine.name)")
            }
        }
    }

    /// 3. After the last acknowledged send plus `after` nothing of a `stop` slice executes.
    private func noGhost() throws {
        for shim in world.truth.executing where shim.executes {
            guard let after = shim.stopAfter else { continue }
            let machine = shim.machine
            guard let sent = machine.acknowledged else {
                throw Violation("3", "\(shim.key) executes on \(machine.name), which was never acknowledged")
            }
            // A timer may be a moment late, and so may this look.
            if machine.now > sent + after + .milliseconds(1) {
                throw Violation(
                    "3",
                    "\(shim.key) executes on \(machine.name) \(machine.now.since(sent)) after the last acknowledged "
                        + "send, its after is \(after)")
            }
        }
    }

    /// 5. Nothing executes of an attempt that never started.
    private func onlyStartedGangsRun() throws {
        for shim in world.truth.executing where shim.executes {
            if startedAttempts[shim.member.jobUID.rawValue]?.contains(shim.member.attempt) != true {
                throw Violation(
                    "5", "\(shim.key) executes and attempt \(shim.member.attempt) of \(shim.member.job) never started")
            }
        }
    }

    /// 1a. A core that was given to one slice whole runs nothing else.
    private func wholeCoresAreAlone() throws {
        for machine in world.machines where !machine.whole.isEmpty {
            let running = machine.shims.filter(\.executes)
            for owner in running where machine.whole.contains(owner.key) {
                for other in running where other.key != owner.key {
                    let both = machine.cpus[owner.key, default: []].intersection(machine.cpus[other.key, default: []])
                    if both.isEmpty { continue }
                    throw Violation(
                        "1a",
                        "\(other.key) may run on CPUs \(both.sorted()) of \(machine.name), which \(owner.key) has whole"
                    )
                }
            }
        }
    }

    /// 1a and 4. Whatever has a process on a machine holds its shares in the node's record, and what has processes fits.
    private func onlyHeldSharesAreUsed() throws {
        for machine in world.machines where !machine.shims.isEmpty {
            var milliCPU: Int64 = 0
            let record = view.allocations[NodeAllocation.key(machine.node)]
            for shim in machine.shims where shim.hasProcesses {
                guard let holding = record?.held.first(where: { $0.sliceUID == shim.key.uid }),
                    holding.epoch == shim.key.epoch
                else {
                    if world.mayForget(shim) { continue }
                    throw Violation("1a", "\(shim.key) has processes on \(machine.name) and its shares are free")
                }
                milliCPU += holding.shares.reduce(0) { $0 + ($1.cpu?.milliValue ?? 0) }
            }
            if milliCPU > Machine.capacityMilliCPU {
                throw Violation("4", "\(milliCPU)m are used on \(machine.name)")
            }
        }
    }
}
