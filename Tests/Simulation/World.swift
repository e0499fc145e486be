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
    /// The roster beside the store.
    let joins = MemoryJoinLog()
    private(set) var machines: [Machine] = []
    private(set) lazy var controller = ControllerProcess(world: self)
    private(set) lazy var checker = Checker(world: self)
    var controllerIsAway = false
    var shapes: [String: Work.JobShape] = [:]
    /// Jobs whose policy was edited.
    var edited: Set<String> = []
    private var breaker: Breaker?

    init(_ scenario: Scenario, broken: Set<BrokenRule>, keepsText: Bool) {
        self.scenario = scenario
        self.broken = broken
        chronicle = Chronicle(isKept: keepsText)
        dice = Dice(seed: scenario.seed, for: "faults")
        disk = StoreDisk(seed: scenario.seed)
        disk.forgetsAtDeath = broken.contains(.forgetAcknowledged)
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
        breaker = Breaker(world: self)
        try await controller.start()
        for machine in machines {
            engine.after(dice.milliseconds(0...3000), on: network) { machine.start() }
        }
        scheduleWork()
        scheduleFaults()
        while try await engine.step(until: Instant(nanoseconds: 0) + scenario.lasts) { try await judge() }
        try await healAll()
        try await rest()
    }

    /// Lets go of everything that refers to each other.
    func end() {
        engine.end()
        network.die()
        controller.runner.die()
        for machine in machines { machine.kernel.die() }
    }

    private func judge() async throws {
        if let breaker { try await breaker.interfere() }
        try checker.checkMachines()
    }

    /// Waits until everything has come to rest, or must have.
    private func rest() async throws {
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

    /// Whether the store may have forgotten what a task holds, because it is an older one.
    func mayForget(_ shim: SimulatedShim) -> Bool { false }

    /// Whether a node that is not Ready says why, and what it waits for.
    func isExplained(_ node: Kinds.Node) -> Bool {
        node.spec.unschedulable && node.status.state == .cordoned
    }
}
