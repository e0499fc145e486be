/// A module, where it stands, what it may import of ours, and which effects it may have.
struct Module: Hashable, Sendable {
    /// The half of the system that it belongs to; the two never import each other.
    enum Half: Hashable, Sendable {
        case shared, agents, controller
    }

    /// As other modules import it.
    var name: String
    var folder: String
    var half: Half = .shared
    var mayImport: Set<String> = []
    /// May read clocks, draw random bits, start tasks and sleep: the programs, and what gives the others these things.
    var hasEffects = false
    /// Uses neither Foundation nor the concurrency runtime.
    var isLean = false
}

extension Module {
    /// "Below": what nearly everything may import.
    private static let below: Set<String> = ["TidemillWire", "TidemillModel", "TidemillSeams"]
    private static let core: Set<String> = below.union(["TidemillStore", "TidemillPlacement", "TidemillLease"])
    private static let agentSide = below.union([
        "TidemillClient", "TidemillLease", "TidemillDevices", "TidemillHostLinux", "TidemillSQLite",
        "TidemillNodeCore", "TidemillNodeAgent", "TidemillYAML", "TidemillDaemon", "CHost",
    ])
    private static let controllerSide = core.union([
        "TidemillSQLite", "TidemillSQLiteStore", "TidemillReconcilers", "TidemillScheduler", "TidemillAPIServer",
        "TidemillDaemon", "TidemillReplay",
    ])
    private static let everything = agentSide.union(controllerSide).union(["TidemillRig"])

    /// The table of "What may import what" in docs/architecture.md.
    static let shipped: [Module] = [
        Module(name: "TidemillSeams", folder: "Sources/Seams", isLean: true),
        Module(name: "TidemillModel", folder: "Sources/Model", mayImport: ["TidemillSeams"]),
        Module(name: "TidemillLease", folder: "Sources/Lease", mayImport: ["TidemillSeams"], isLean: true),
        Module(name: "TidemillWire", folder: "Sources/Wire", mayImport: ["TidemillModel", "TidemillSeams"]),
        Module(name: "TidemillPlacement", folder: "Sources/Placement", mayImport: ["TidemillModel", "TidemillSeams"]),
        Module(
            name: "TidemillReplay", folder: "Sources/Replay", mayImport: below.union(["TidemillPlacement"])),
        Module(name: "TidemillYAML", folder: "Sources/YAML", mayImport: ["TidemillWire"]),
        Module(name: "TidemillClient", folder: "Sources/Client", mayImport: below.union(["TidemillYAML"])),
        Module(name: "TidemillDaemon", folder: "Sources/Daemon", mayImport: ["TidemillSeams"], hasEffects: true),
        Module(name: "TidemillSQLite", folder: "Sources/SQLite", mayImport: ["CSQLite"]),
        Module(
            name: "tidemill", folder: "Sources/CLI",
            mayImport: below.union(["TidemillClient", "TidemillYAML", "TidemillReplay", "TidemillPlacement"]),
            hasEffects: true),
        Module(
            name: "TidemillHostLinux", folder: "agents/HostLinux", half: .agents,
            mayImport: below.union(["TidemillDevices", "CHost"]), hasEffects: true),
        Module(name: "TidemillDevices", folder: "agents/Devices", half: .agents, mayImport: below),
        Module(
            name: "TidemillNodeCore", folder: "agents/NodeCore", half: .agents,
            mayImport: below.union(["TidemillLease"])),
        Module(
            name: "TidemillNodeAgent", folder: "agents/NodeAgent", half: .agents,
            mayImport: below.union([
                "TidemillNodeCore", "TidemillClient", "TidemillLease", "TidemillDevices", "TidemillHostLinux",
                "TidemillSQLite",
            ])),
        Module(
            name: "tidemill_shim", folder: "agents/shim", half: .agents,
            mayImport: ["TidemillLease", "TidemillSeams", "CHost"], hasEffects: true, isLean: true),
        Module(
            name: "tidemill_agent", folder: "agents/agentd", half: .agents, mayImport: agentSide, hasEffects: true),
        Module(name: "TidemillStore", folder: "controller/Store", half: .controller, mayImport: below),
        Module(
            name: "TidemillSQLiteStore", folder: "controller/SQLiteStore", half: .controller,
            mayImport: below.union(["TidemillStore", "TidemillSQLite"])),
        Module(name: "TidemillReconcilers", folder: "controller/Reconcilers", half: .controller, mayImport: core),
        Module(
            name: "TidemillScheduler", folder: "controller/Scheduler", half: .controller,
            mayImport: core.union(["TidemillReplay"])),
        Module(
            name: "TidemillAPIServer", folder: "controller/APIServer", half: .controller,
            mayImport: below.union(["TidemillStore", "TidemillDaemon", "TidemillYAML"])),
        Module(
            name: "tidemill_controller", folder: "controller/controllerd", half: .controller,
            mayImport: controllerSide, hasEffects: true),
        Module(name: "tidemill_generate", folder: "Tools/generate"),
    ]

    private static let shared = below.union([
        "TidemillClient", "TidemillYAML", "TidemillPlacement", "TidemillReplay", "TidemillLease", "TidemillDaemon",
        "TidemillSQLite",
        "tidemill",
    ])

    /// Tests import what they test and what that stands on; those of one half nothing of the other.
    private static func tests(_ name: String, _ half: Half = .shared, alsoImport more: Set<String> = []) -> Module {
        let mayImport =
            switch half {
            case .shared: shared
            case .agents: shared.union(agentSide)
            case .controller: shared.union(controllerSide)
            }
        return Module(
            name: name, folder: "Tests/\(name)", half: half, mayImport: mayImport.union(more))
    }

    static let tests: [Module] = [
        tests("SeamsTests"), tests("ModelTests"), tests("WireTests"), tests("PlacementTests"), tests("ReplayTests"),
        tests("LeaseTests"),
        tests("ClientTests"), tests("CLITests"), tests("TidyTests"),
        Module(name: "TidemillMachines", folder: "Tests/Machines", half: .agents),
        tests("DevicesTests", .agents, alsoImport: ["TidemillMachines"]),
        tests("HostLinuxTests", .agents), tests("NodeCoreTests", .agents, alsoImport: ["TidemillNodeScenes"]),
        tests("NodeAgentTests", .agents, alsoImport: ["TidemillNodeScenes"]),
        tests("StoreTests", .controller), tests("StoreContractTests", .controller),
        tests("ReconcilersTests", .controller), tests("SchedulerTests", .controller),
        tests("APIServerTests", .controller),
        Module(
            name: "TidemillSimulation", folder: "Tests/Simulation",
            mayImport: core.union(["TidemillNodeCore", "TidemillReconcilers", "TidemillScheduler"])),
        tests("SimulationTests", alsoImport: ["TidemillSimulation"]),
        tests("IntegrationTests", alsoImport: ["TidemillRig"]),
        Module(
            name: "TidemillNodeScenes", folder: "Tests/NodeScenes", half: .agents,
            mayImport: below.union(["TidemillNodeCore", "TidemillLease"])),
        // These drive real programs on a real machine, so they wait on its clock.
        Module(name: "TidemillRig", folder: "Tests/Rig", mayImport: shared, hasEffects: true),
        Module(
            name: "tidemill_simulate", folder: "Tests/EndToEnd/Simulate", mayImport: ["TidemillSimulation"],
            hasEffects: true),
        Module(
            name: "tidemill_devices", folder: "Tests/EndToEnd/Devices", half: .agents,
            mayImport: shared.union(["TidemillRig", "TidemillDevices", "TidemillHostLinux", "TidemillMachines"]),
            hasEffects: true),
        Module(name: "EndToEnd", folder: "Tests/EndToEnd", mayImport: shared.union(["TidemillRig"]), hasEffects: true),
        Module(
            name: "TidemillPlacementBench", folder: "Benchmarks/placement",
            mayImport: ["TidemillPlacement", "TidemillModel", "TidemillSeams"], hasEffects: true),
        Module(
            name: "bench", folder: "Benchmarks/bench",
            mayImport: everything.union(["TidemillPlacementBench", "TidemillMachines"]), hasEffects: true),
    ]

    static let all = shipped + tests

    static func holding(_ path: String) -> Module? {
        all.first { path.hasPrefix($0.folder + "/") }
    }

    /// Every module of ours, by the name under which it is imported.
    static let names = Set(all.map(\.name)).union(["CHost", "CSQLite"])
}
