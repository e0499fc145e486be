import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// One machine: clocks that drift and are stepped, a disk, cgroups, processes. What it says of them is the truth that the
/// checkers go by.
final class Machine {
    unowned let world: World
    /// Its own name; a clone carries the node name of another.
    let name: String
    let node: NodeID
    let machineID: String
    /// It runs only until it is switched off.
    let isClone: Bool
    let dice: Dice
    /// Everything that executes here hangs below; its own actions are the kernel's.
    private(set) var kernel: Runner
    let disk: NodeDisk
    let link = Link()
    let netDice: Dice

    private(set) var boot = 0
    private(set) var isUp = false
    private(set) var isPaused = false
    /// What the boot clock gains on the true time, in parts per million.
    let driftPartsPerMillion: Int64
    private var bootOffset = Instant(nanoseconds: 0)
    private var bootedAt = Instant(nanoseconds: 0)
    /// How far the wall clock is off.
    var wallError: Duration = .zero

    /// The lease page under /run.
    var page: Renewal?
    /// When the last acknowledged renewal was sent, whoever of this boot received the answer: the truth behind the page.
    var acknowledged: Instant?
    var groups: Set<SliceKey> = []
    /// On which CPUs the kernel lets each slice run, and whose cores are given whole.
    var cpus: [SliceKey: Set<Int>] = [:]
    var whole: Set<SliceKey> = []
    var shims: [SimulatedShim] = []
    private var lastPid: Int32 = 100
    var agent: AgentProcess?
    /// All that ever ran here: what is under way may still speak of one that is dead.
    private var agents: [AgentProcess] = []
    /// Agents that this machine has started, so that each has an id of its own.
    var agentStarts = 0
    /// Until when a restarted agent stays away.
    var agentIsWanted = true

    static let capacityMilliCPU: Int64 = 4000
    static let memoryBytes: Int64 = 8 << 30

    init(
        world: World, name: String, node: NodeID, machineID: String, driftPartsPerMillion: Int64,
        isClone: Bool = false
    ) {
        self.world = world
        self.name = name
        self.node = node
        self.machineID = machineID
        self.isClone = isClone
        self.driftPartsPerMillion = driftPartsPerMillion
        dice = Dice(seed: world.scenario.seed, for: name)
        netDice = Dice(seed: world.scenario.seed, for: "\(name)/net")
        kernel = Runner(name)
        disk = NodeDisk()
        disk.dice = Dice(seed: world.scenario.seed, for: "\(name)/disk")
    }

    var engine: Engine { world.engine }
    var bootID: BootID { BootID("\(name)-boot-\(boot)") }
    var device: DeviceID { DeviceID("\(node)-cpu0") }

    // MARK: Clocks

    /// The boot clock.
    var now: Instant { bootTime(engine.now) }

    func bootTime(_ instant: Instant) -> Instant {
        let passed = instant.since(bootedAt).wholeNanoseconds
        return bootOffset + .nanoseconds(passed + passed / 1_000_000 * driftPartsPerMillion)
    }

    /// The first true instant at which the boot clock shows `instant`.
    func trueTime(_ instant: Instant) -> Instant {
        let shown = instant.since(bootOffset).wholeNanoseconds
        return bootedAt + .nanoseconds(shown - shown / (1_000_000 + driftPartsPerMillion) * driftPartsPerMillion + 1000)
    }

    var wall: WallTime {
        WallTime(
            nanosecondsSince1970: World.wallAtStart + engine.now.nanoseconds + wallError.wholeNanoseconds)
    }

    // MARK: Life

    func start() {
        guard !isUp, !isClone || boot == 0 else { return }
        boot += 1
        isUp = true
        isPaused = false
        kernel = Runner(name)
        bootedAt = engine.now
        // Boot clocks of two boots have nothing to do with each other, and may even overlap.
        bootOffset = Instant(nanoseconds: Int64(5 + dice.below(5000)) * 1_000_000_000)
        if let old = page { page = Renewal(boot: bootID, incarnation: old.incarnation, sentAt: old.sentAt) }
        world.note(name, "boots as \(bootID)")
        startAgent()
    }

    func startAgent() {
        guard isUp, agentIsWanted, agent == nil else { return }
        agentStarts += 1
        let process = AgentProcess(machine: self, start: agentStarts)
        agent = process
        agents.append(process)
        process.begin()
    }

    func killAgent() {
        guard let process = agent else { return }
        world.note(name, "the agent dies")
        agent = nil
        process.runner.die()
        disk.writerDied()
    }

    /// Power is lost: processes, cgroups and /run are gone, and of writes on their way some were too late.
    func crash() {
        guard isUp else { return }
        world.note(name, "crashes")
        killAgent()
        for shim in shims { shim.vanish() }
        shims = []
        groups = []
        cpus = [:]
        whole = []
        if !world.broken.contains(.forgetTheBoot) { page = nil }
        acknowledged = nil
        isUp = false
        kernel.die()
    }

    /// Lets go of everything that refers to each other.
    func end() {
        kernel.die()
        for shim in shims { shim.vanish() }
        shims = []
        agent = nil
        agents = []
        disk.writerDied()
    }

    func pause() {
        isPaused = true
        kernel.halt()
    }

    /// Suspended machines count their sleep: the timers that became due meanwhile fire before any process runs.
    func resume() async throws {
        for action in kernel.resume(engine) where !kernel.isDead { try await action() }
        isPaused = false
    }

    func newPid() -> ProcessIdentity {
        lastPid += 1
        return ProcessIdentity(pid: lastPid, startTicks: now.nanoseconds / 10_000_000)
    }

    /// What the machine has for slices.
    var capacities: [DeviceID: DeviceCapacity] {
        [device: DeviceCapacity(milliCPU: offeredMilliCPU, memoryBytes: Self.memoryBytes)]
    }

    /// Four cores, and cgroups that bind slices to them.
    var abilities: HostAbilities {
        HostAbilities(
            slicesFolder: "/slices",
            groups: GroupAbilities(version: .version2, roots: ["unified": "/cgroup", "cpuset": "/cgroup"]),
            domains: [
                device: CPUDomain(
                    number: 0, cores: (0..<Int(Self.capacityMilliCPU / 1000)).map { [$0] },
                    allocatableMilliCPU: offeredMilliCPU)
            ])
    }

    var offeredMilliCPU: Int64 { Self.capacityMilliCPU * (world.broken.contains(.overcommit) ? 4 : 1) }
}
