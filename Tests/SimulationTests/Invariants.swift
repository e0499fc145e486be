import TidemillModel
import TidemillPlacement
import TidemillSeams
import TidemillStore

/// What must hold after every step, judged from the store and from what really runs on the machines.
struct Invariants {
    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    /// The final state of each job, as first seen.
    private var finals: [String: Kinds.JobState] = [:]
    private var epochs: [NodeID: Epoch] = [:]

    mutating func check(_ world: WorldState, _ agents: [SimulatedAgent]) throws(Violation) {
        try oneHolder(world, agents)
        try oneRunner(world, agents)
        try oneFinalState(world)
        try bounded(world, agents)
        try wholeGangs(world, agents)
        try monotonic(world)
    }

    /// 1(a). What a slice holds by its state is in its node's record, under the epoch of its grant.
    private func oneHolder(_ world: WorldState, _ agents: [SimulatedAgent]) throws(Violation) {
        let entries = Set(
            world.records.flatMap { record in
                record.held.map { "\(record.node)/\($0.sliceUID)/\($0.epoch)" }
            })
        for slice in world.slices where slice.status.state.holdsShares {
            guard let grant = slice.status.grant else {
                throw Violation(description: "1(a): \(slice.metadata.name) is \(slice.status.state) without a grant")
            }
            if !entries.contains("\(grant.node)/\(slice.metadata.uid)/\(grant.epoch)") {
                throw Violation(
                    description:
                        "1(a): \(slice.metadata.name) is \(slice.status.state) but holds nothing on \(grant.node)")
            }
        }
        for agent in agents {
            for (uid, hold) in agent.holds
            where hold.isRunning && !entries.contains("\(agent.name)/\(uid)/\(hold.grant.epoch)") {
                throw Violation(
                    description: "1(a): \(hold.name) runs on \(agent.name) and its shares are free in the record")
            }
        }
    }

    /// 1(b). At most one attempt of a task index runs, on all machines together.
    private func oneRunner(_ world: WorldState, _ agents: [SimulatedAgent]) throws(Violation) {
        var running: [String: String] = [:]
        for agent in agents {
            for hold in agent.holds.values where hold.isRunning {
                let index = "\(hold.member.jobUID)/\(hold.member.index)"
                let place = "\(hold.name) on \(agent.name)"
                if let other = running.updateValue(place, forKey: index) {
                    throw Violation(description: "1(b): \(other) and \(place) run at once")
                }
            }
        }
    }

    /// 2. A job has one final state, for ever.
    private mutating func oneFinalState(_ world: WorldState) throws(Violation) {
        for job in world.jobs {
            if let final = finals[job.metadata.uid], job.status.state != final {
                throw Violation(description: "2: \(job.metadata.name) went from \(final) to \(job.status.state)")
            }
            if job.status.state.isFinal { finals[job.metadata.uid] = job.status.state }
        }
    }

    /// 4. Neither the records nor the machines hold more of a device than it has.
    private func bounded(_ world: WorldState, _ agents: [SimulatedAgent]) throws(Violation) {
        for record in world.records {
            let held = record.held.flatMap(\.shares).reduce(0) { $0 + ($1.cpu?.milliValue ?? 0) }
            if held > SimulatedAgent.capacityMilliCPU {
                throw Violation(description: "4: \(held)m are granted on \(record.node)")
            }
        }
        for agent in agents where agent.runningMilliCPU > SimulatedAgent.capacityMilliCPU {
            throw Violation(description: "4: \(agent.runningMilliCPU)m are held on \(agent.name)")
        }
    }

    /// 5. A committed gang has a grant for every member, a started one has every member prepared, and nothing runs of a
    /// gang that never started.
    private func wholeGangs(_ world: WorldState, _ agents: [SimulatedAgent]) throws(Violation) {
        for job in world.jobs {
            guard let gang = job.status.gang, gang.state == .committed else { continue }
            let granted = world.slices.count {
                $0.spec.member?.jobUID == job.metadata.uid && $0.spec.member?.attempt == gang.attempt
                    && $0.status.grant != nil
            }
            let deleted = world.slices.contains {
                $0.spec.member?.jobUID == job.metadata.uid && $0.metadata.isTerminating
            }
            if granted != job.size, !deleted {
                throw Violation(
                    description: "5: \(job.metadata.name) is committed with \(granted) of \(job.size) grants")
            }
        }
        for job in world.jobs {
            guard let gang = job.status.gang, gang.state == .started else { continue }
            let early = world.slices.first {
                $0.spec.member?.jobUID == job.metadata.uid && $0.spec.member?.attempt == gang.attempt
                    && ($0.status.state == .pending || $0.status.state == .reserved)
            }
            if let early {
                throw Violation(
                    description:
                        "5: \(job.metadata.name) is started while \(early.metadata.name) is \(early.status.state)")
            }
        }
        let gangs = Dictionary(
            world.jobs.map { ($0.metadata.uid, $0.status.gang) }, uniquingKeysWith: { first, _ in first })
        for hold in agents.flatMap(\.holds.values) where hold.isRunning {
            guard let gang = gangs[hold.member.jobUID] ?? nil, gang.attempt == hold.member.attempt else { continue }
            if gang.state != .started {
                throw Violation(description: "5: \(hold.name) runs while its gang is \(gang.state)")
            }
        }
    }

    /// 9. Epochs only grow.
    private mutating func monotonic(_ world: WorldState) throws(Violation) {
        for record in world.records {
            if let last = epochs[record.node], record.epoch < last {
                throw Violation(description: "9: the epoch of \(record.node) fell from \(last) to \(record.epoch)")
            }
            epochs[record.node] = record.epoch
        }
    }

    /// 7 and 8, once faults have stopped: every job is over or says why it waits, and nothing is held for those that are.
    func checkConverged(_ world: WorldState, _ agents: [SimulatedAgent]) throws(Violation) {
        for job in world.jobs where !job.status.state.isFinal {
            if job.status.reason == nil || job.status.state == .running {
                throw Violation(
                    description:
                        "7: \(job.metadata.name) is still \(job.status.state), \(job.status.gang.map { "\($0)" } ?? "no gang")"
                )
            }
        }
        let over = Set(world.jobs.filter(\.status.state.isFinal).map(\.metadata.uid))
        for slice in world.slices
        where over.contains(slice.spec.member?.jobUID ?? "") && slice.status.state != .released {
            throw Violation(description: "7: \(slice.metadata.name) is \(slice.status.state) though its job is over")
        }
        for agent in agents where !agent.holds.isEmpty {
            let names = agent.holds.values.filter { over.contains($0.member.jobUID) }.map(\.name)
            if !names.isEmpty { throw Violation(description: "7: \(agent.name) still holds \(names)") }
        }
    }
}

/// All that the checkers look at, decoded.
struct WorldState {
    var jobs: [Kinds.Job]
    var slices: [Kinds.Slice]
    var tasks: [Kinds.Task]
    var records: [NodeAllocation]
}
