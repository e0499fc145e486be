import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillStore
import TidemillWire

/// One simulated world: machines, a controller, a network, and those who judge. Everything happens in one task, one thing
/// after the other.
final class World {
    /// 2026-11-21T00:00:00Z.
    static let wallAtStart: Int64 = 1_795_219_200_000_000_000
    /// How long after the last fault everything must have come to rest.
    static let patience: Duration = .seconds(240)

    let scenario: Scenario
    let broken: Set<BrokenRule>
    let engine = Engine()
    let chronicle: Chronicle
    /// What belongs to nobody: the network, the operators, the faults.
    let network = Runner("world")
    let dice: Dice
    let truth = Truth()
    let view = StoreView()
    let disk: StoreDisk
    let grudge: Grudge?
    /// The roster beside the store.
    let joins = MemoryJoinLog()
    private(set) var machines: [Machine] = []
    private(set) lazy var controller = ControllerProcess(world: self)
    private(set) lazy var checker = Checker(world: self)
    var controllerIsAway = false
    /// A backup that was taken and not restored yet, and an older copy of the store's file.
    var backup: StoreDisk.Copy?
    var oldCopy: StoreDisk.Copy?
    var lives = 1
    /// Nothing goes wrong any more.
    private(set) var isMended = false
    var shapes: [String: Work.JobShape] = [:]
    /// Jobs whose policy was edited.
    var edited: Set<String> = []
    private(set) lazy var breaker = broken.isEmpty ? nil : Breaker(world: self)
    /// A failed sync has ended the store's service until its process begins anew.
    var syncFailed = false

    init(_ scenario: Scenario, broken: Set<BrokenRule>, keepsText: Bool) {
        self.scenario = scenario
        self.broken = broken
        chronicle = Chronicle(isKept: keepsText)
        dice = Dice(seed: scenario.seed, for: "faults")
        disk = StoreDisk(seed: scenario.seed)
        grudge = broken.contains(.guardNeverThaws) ? Grudge() : nil
        disk.forgetsAtDeath = broken.contains(.forgetAcknowledged)
        if broken.contains(.attemptsByEpoch) { disk.tamper = TamperedWrites.withEpochsForTokens }
        if broken.contains(.epochsBeginAnew) { disk.tamper = TamperedWrites.withFreshEpochs }
    }

    func note(_ actor: String, _ text: @autoclosure () -> String) {
        chronicle.note(engine.now, actor, text())
    }

    func run() async throws {
        for index in 0..<scenario.machines {
            let name = "node-\(["a", "b", "c", "d", "e", "f", "g", "h", "i"][index % 9])"
            machines.append(
                Machine(
                    world: self, name: name, node: NodeID(name), machineID: "machine-\(index)",
                    driftPartsPerMillion: scenario.drifts[index % scenario.drifts.count]))
        }
        try await controller.start()
        for machine in machines {
            engine.after(dice.milliseconds(0...3000), on: network) { machine.start() }
        }
        scheduleWork()
        scheduleFaults()
        while try await engine.step(until: Instant(nanoseconds: 0) + scenario.lasts) { try await judge() }
        try await healAll()
        isMended = true
        reopenNodes()
        try await rest()
    }

    /// What the store says at the end, for whoever reads a failing history.
    func tellState() {
        for job in view.sortedJobs {
            let gang = job.status.gang.map { "attempt \($0.attempt) \($0.state.rawValue)" } ?? "no gang"
            note("state", "job \(job.metadata.name) \(job.status.state.rawValue), \(gang), \(job.status.reason ?? "")")
        }
        for slice in view.sortedSlices {
            let grant = slice.status.grant.map { "epoch \($0.epoch) on \($0.node)" } ?? "no grant"
            note(
                "state",
                "slice \(slice.metadata.name) \(slice.status.state.rawValue), \(grant), \(slice.status.reason ?? "")")
        }
        for task in view.tasks.sorted(by: { $0.key < $1.key }).map(\.value) {
            note("state", "task \(task.metadata.name) \(task.status.state.rawValue), \(task.status.end?.reason ?? "")")
        }
        for node in view.nodes.sorted(by: { $0.key < $1.key }).map(\.value) {
            note("state", "node \(node.metadata.name) \(node.status.state?.rawValue ?? "unknown")")
        }
    }

    /// Lets go of everything that refers to each other.
    func end() {
        engine.end()
        disk.interlope = nil
        network.die()
        controller.runner.die()
        for machine in machines { machine.end() }
    }

    func add(_ machine: Machine) { machines.append(machine) }

    private func judge() async throws {
        if let breaker { try await breaker.interfere() }
        try checker.checkMachines()
    }

    /// Waits until everything has come to rest, or must have.
    private func rest() async throws {
        // A healed world may still be about to repair its store.
        let end = engine.now + Self.patience
        var nextLook = engine.now + .seconds(5)
        while try await engine.step(until: end) {
            try await judge()
            guard engine.now >= nextLook else { continue }
            nextLook = engine.now + .seconds(1)
            if isAtRest() { break }
        }
        try checker.checkRest()
        try checker.checkTotals()
    }

    /// All that will ever happen has happened.
    private func isAtRest() -> Bool {
        do {
            try checker.checkRest()
            try checker.checkTotals()
            return view.jobs.values.allSatisfy(\.status.state.isFinal) && truth.executing.isEmpty
        } catch {
            return false
        }
    }

    /// Tells checkers and watches what was committed, commit by commit.
    func replay() async throws {
        guard !disk.commits.isEmpty else { return }
        let commits = disk.commits
        disk.commits = []
        for commit in commits {
            try checker.committed(commit)
            try checker.checkMachines()
        }
        for watch in controller.watches { watch.pump(controller) }
        controller.wakeAll()
    }

    func behaviour(of member: SliceMember) -> TaskBehaviour {
        let dice = Dice(seed: scenario.seed, for: "\(member.job)/\(member.attempt)/\(member.index)")
        guard let shape = shapes[member.job] else {
            return TaskBehaviour(dice, lasts: 300...9000, failsPerMille: 100)
        }
        return TaskBehaviour(dice, lasts: shape.lasts, failsPerMille: shape.failsPerMille)
    }

    // MARK: Stated exceptions

    /// The store is an older copy under the same name, and nobody has repaired that yet.
    var isRolledBack = false
    /// Slices that were granted while it was: nothing could tell the controller what it had forgotten before it halted.
    var grantedByOldCopy: Set<String> = []
    /// What a controller did after which it must grant nothing; nil while it may.
    var haltedAt: String?

    /// Whether the store may have forgotten what a task holds: a restore is under way, or it is an older copy.
    func mayForget(_ shim: SimulatedShim) -> Bool {
        view.isRestoring || isRolledBack || isExcused(shim)
    }

    /// Whether a task runs because an older copy of the store was put in the place of the store: of that nothing is
    /// promised but that the controller halts once it hears of it.
    func isExcused(_ shim: SimulatedShim) -> Bool {
        isRolledBack || grantedByOldCopy.contains(shim.key.uid.rawValue)
    }

    /// Looks at another store from now on.
    func replaced() {
        disk.commits = []
        view.reset(to: disk.file.state.entries.all)
        checker.reset(revision: disk.file.state.revision)
    }
}
