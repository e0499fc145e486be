import TidemillSeams

/// One kind of thing that goes wrong. Adding one is adding a line to the table.
struct FaultKind: Sendable {
    var name: String
    /// How often it is drawn.
    var weight: Int
    /// Milliseconds that it lasts.
    var lasts: ClosedRange<Int>
    var start: @Sendable (World, Machine) async throws -> Void
    var heal: @Sendable (World, Machine) async throws -> Void = { _, _ in }

    static func drawn(_ dice: Dice) -> FaultKind {
        var left = dice.below(table.reduce(0) { $0 + $1.weight })
        for kind in table {
            left -= kind.weight
            if left < 0 { return kind }
        }
        return table[0]
    }

    static func named(_ name: String) -> FaultKind? { table.first { $0.name == name } }

    static let table: [FaultKind] = network + machines + controllers + stores

    private static let network: [FaultKind] = [
        FaultKind(
            name: "message loss", weight: 4, lasts: 1000...30_000,
            start: { world, machine in machine.link.lossPerMille = 100 + world.dice.below(500) },
            heal: { _, machine in machine.link.lossPerMille = 0 }),
        FaultKind(
            name: "late and doubled messages", weight: 4, lasts: 1000...40_000,
            start: { world, machine in
                machine.link.delaysPerMille = 100 + world.dice.below(600)
                machine.link.duplicatesPerMille = world.dice.below(400)
                machine.link.longestDelay = world.dice.milliseconds(50...6000)
            },
            heal: { _, machine in
                machine.link.delaysPerMille = 0
                machine.link.duplicatesPerMille = 0
            }),
        FaultKind(
            name: "cut to the controller", weight: 3, lasts: 500...30_000,
            start: { _, machine in machine.link.isUpCut = true },
            heal: { _, machine in machine.link.isUpCut = false }),
        FaultKind(
            name: "cut from the controller", weight: 3, lasts: 500...30_000,
            start: { _, machine in machine.link.isDownCut = true },
            heal: { _, machine in machine.link.isDownCut = false }),
        FaultKind(
            name: "partition", weight: 6, lasts: 500...45_000,
            start: { world, machine in world.cut(machine, true) },
            heal: { world, machine in world.cut(machine, false) }),
        FaultKind(
            name: "mass silence", weight: 2, lasts: 2000...40_000,
            start: { world, _ in for machine in world.machines { if !world.dice.oneIn(4) { world.cut(machine, true) } }
            },
            heal: { world, _ in for machine in world.machines { world.cut(machine, false) } }),
    ]

    private static let machines: [FaultKind] = [
        FaultKind(
            name: "agent crash", weight: 6, lasts: 50...15_000,
            start: { _, machine in
                machine.agentIsWanted = false
                machine.killAgent()
            },
            heal: { _, machine in
                machine.agentIsWanted = true
                machine.startAgent()
            }),
        FaultKind(
            name: "agent stopped", weight: 4, lasts: 100...25_000,
            start: { _, machine in machine.agent?.runner.halt() },
            heal: { world, machine in try await world.go(on: machine.agent?.runner) }),
        FaultKind(
            name: "shim killed", weight: 4, lasts: 1...2,
            start: { world, machine in
                let alive = machine.shims.filter(\.isShimAlive)
                if !alive.isEmpty { world.dice.pick(alive).kill() }
            }),
        FaultKind(
            name: "shims stopped", weight: 4, lasts: 500...25_000,
            start: { _, machine in for shim in machine.shims { shim.runner.halt() } },
            heal: { world, machine in
                for shim in machine.shims { try await world.go(on: shim.runner) }
            }),
        FaultKind(
            name: "reboot", weight: 5, lasts: 200...25_000,
            start: { _, machine in machine.crash() },
            heal: { _, machine in machine.start() }),
        FaultKind(
            name: "machine suspended", weight: 4, lasts: 100...25_000,
            start: { _, machine in if machine.isUp { machine.pause() } },
            heal: { _, machine in if machine.isUp, machine.isPaused { try await machine.resume() } }),
        FaultKind(
            name: "wall clock step", weight: 3, lasts: 1...2,
            start: { world, machine in
                machine.wallError = .milliseconds(world.dice.below(600_000) - 300_000)
            }),
        FaultKind(
            name: "slow disk", weight: 4, lasts: 1000...30_000,
            start: { world, machine in machine.disk.slowness = world.dice.milliseconds(100...4000) },
            heal: { _, machine in machine.disk.slowness = nil }),
        FaultKind(
            name: "full disk", weight: 3, lasts: 500...20_000,
            start: { _, machine in machine.disk.isFull = true },
            heal: { _, machine in machine.disk.isFull = false }),
    ]

    private static let controllers: [FaultKind] = [
        FaultKind(
            name: "controller crash", weight: 5, lasts: 100...30_000,
            start: { world, _ in
                world.controllerIsAway = true
                try await world.controller.crash()
            },
            heal: { world, _ in
                world.controllerIsAway = false
                try await world.controller.start()
            }),
        FaultKind(
            name: "controller dies between commits", weight: 5, lasts: 1...2,
            start: { world, _ in world.disk.commitsUntilDeath = world.dice.below(6) }),
        FaultKind(
            name: "controller stopped", weight: 4, lasts: 300...20_000,
            start: { world, _ in world.controller.runner.halt() },
            heal: { world, _ in try await world.go(on: world.controller.runner) }),
        FaultKind(
            name: "store full", weight: 2, lasts: 500...15_000,
            start: { world, _ in world.disk.isFull = true },
            heal: { world, _ in world.disk.isFull = false }),
        FaultKind(
            name: "failed sync", weight: 3, lasts: 500...4000,
            start: { world, _ in
                world.disk.failsNextSync = true
                world.syncFailed = true
            },
            heal: { world, _ in
                guard world.syncFailed else { return }
                world.syncFailed = false
                // Whoever watches over the process starts it anew.
                try await world.controller.crash()
            }),
        FaultKind(
            name: "controller's wall clock step", weight: 1, lasts: 1...2,
            start: { world, _ in
                world.controller.wallError = .milliseconds(world.dice.below(60_000) - 20_000)
            }),
    ]
}

extension World {
    func cut(_ machine: Machine, _ isCut: Bool) {
        machine.link.isUpCut = isCut
        machine.link.isDownCut = isCut
    }

    func go(on runner: Runner?) async throws {
        guard let runner, runner.isStopped else { return }
        for action in runner.resume(engine) where !runner.isDead { try await action() }
    }

    func scheduleFaults() {
        for fault in scenario.faults {
            guard let kind = FaultKind.named(fault.kind) else { continue }
            var machine = machines[fault.target % scenario.machines]
            engine.after(fault.at, on: network) { [self] in
                machine = target(of: fault)
                note("fault", "\(fault.kind) begins, \(machine.name)")
                chronicle.saw("fault: \(fault.kind)")
                try await kind.start(self, machine)
            }
            engine.after(min(fault.at + fault.lasts, scenario.lasts), on: network) { [self] in
                note("fault", "\(fault.kind) ends, \(machine.name)")
                try await kind.heal(self, machine)
            }
        }
    }

    private func target(of fault: Scenario.Fault) -> Machine {
        let first = fault.target % scenario.machines
        guard fault.seeksWork else { return machines[first] }
        let inTurn = (0..<scenario.machines).map { machines[(first + $0) % scenario.machines] }
        return inTurn.first { machine in machine.shims.contains(where: \.isShimAlive) } ?? machines[first]
    }

    /// Everything that can be mended is.
    func healAll() async throws {
        note("fault", "all is mended")
        for machine in machines {
            for kind in FaultKind.table { try await kind.heal(self, machine) }
        }
    }
}
