import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

extension FaultKind {
    static let secondAgent = "second agent of one identity"
    /// What may go wrong beside a second agent without silencing the first.
    static let besideSecondAgent: Set<String> = [
        secondAgent, "controller crash", "controller stopped", "controller dies between commits", "slow disk",
        "shim killed", "shims stopped", "failed sync",
    ]

    /// What happens to whole nodes and to the store as a whole, and what operators do about it.
    static let stores: [FaultKind] = [
        FaultKind(
            name: "node dies for good", weight: 4, lasts: 6000...40_000,
            start: { world, machine in
                machine.crash()
                world.engine.after(world.dice.milliseconds(500...15_000), on: world.network) {
                    world.confirmDead(machine)
                }
            },
            heal: { _, machine in machine.start() }),
        FaultKind(
            name: secondAgent, weight: 2, lasts: 3000...40_000,
            start: { world, machine in world.clone(machine) },
            heal: { world, _ in for clone in world.machines where clone.isClone { clone.crash() } }),
        FaultKind(
            name: "restored backup", weight: 4, lasts: 3000...40_000,
            start: { world, _ in world.backup = world.disk.file },
            heal: { world, _ in
                guard let backup = world.backup else { return }
                world.backup = nil
                try await world.restore(backup)
            }),
        FaultKind(
            name: "older copy of the store", weight: 2, lasts: 3000...30_000,
            start: { world, _ in if world.oldCopy == nil { world.oldCopy = world.disk.file } },
            heal: { world, _ in
                guard let copy = world.oldCopy, !world.isRolledBack, !world.view.isRestoring else { return }
                world.oldCopy = nil
                if copy.incarnation == world.disk.file.incarnation { try await world.rollBack(to: copy) }
            }),
    ]
}

extension World {
    /// A copy of a machine, disk and all, starts beside it.
    func clone(_ machine: Machine) {
        guard !machine.isClone else { return }
        let clone = Machine(
            world: self, name: "\(machine.name)-clone\(machines.count)", node: machine.node,
            machineID: machine.machineID, driftPartsPerMillion: 0, isClone: true)
        if dice.oneIn(2) { clone.disk.journal = machine.disk.journal }
        add(clone)
        clone.start()
    }

    /// An operator who has looked says that a machine is dead.
    func confirmDead(_ machine: Machine) {
        operate("confirms that \(machine.node) is dead") { [self] resources in
            guard !machine.isUp,
                var node = try await resources.read(Kinds.Node.self, name: machine.node.rawValue),
                node.spec.confirmedDead == nil
            else { return }
            chronicle.saw("confirmed dead")
            node.spec.confirmedDead = Kinds.ConfirmedDead(bootID: node.status.bootID ?? "unknown")
            try await resources.transact([.update(node)])
        }
    }

    /// `tidemill restore`, while no controller runs.
    func restore(_ copy: StoreDisk.Copy) async throws {
        let away = controllerIsAway
        controllerIsAway = true
        try await controller.crash()
        lives += 1
        note("operator", "restores the store of revision \(copy.state.revision) as life-\(lives)")
        chronicle.saw("restored")
        disk.restore(
            copy, as: IncarnationID("life-\(lives)"), waitsFor: await joins.nodes(),
            since: Timestamp(controller.wall))
        isRolledBack = false
        haltedAt = nil
        replaced()
        controllerIsAway = away
        if !away { try await controller.start() }
        if isMended { reopenNodes() }
    }

    /// An older copy takes the store's place, and nobody says so. Once the controller has halted, an operator restores.
    func rollBack(to copy: StoreDisk.Copy) async throws {
        let newest = disk.file
        let away = controllerIsAway
        controllerIsAway = true
        try await controller.crash()
        note("fault", "the store is that of revision \(copy.state.revision), it was \(newest.state.revision)")
        chronicle.saw("rolled back")
        disk.file = copy
        isRolledBack = true
        replaced()
        controllerIsAway = away
        if !away { try await controller.start() }
        engine.after(dice.milliseconds(2000...20_000), on: network) { [self] in
            guard isRolledBack else { return }
            try await restore(dice.oneIn(2) ? newest : copy)
        }
    }
}
