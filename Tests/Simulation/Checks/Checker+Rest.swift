import TidemillModel
import TidemillNodeCore
import TidemillSeams
import TidemillStore

/// What is judged once faults have stopped, and what an acknowledgement promised.
extension Checker {
    /// 7 and 8. Every job is over or says why it waits, and nothing is held for those that are over.
    func checkRest() throws {
        for job in view.sortedJobs where !job.status.state.isFinal && !job.metadata.isTerminating {
            if !hasReasonToWait(job) {
                throw Violation(
                    "7",
                    "\(job.metadata.name) is still \(job.status.state.rawValue), "
                        + (job.status.gang.map { "attempt \($0.attempt) \($0.state.rawValue)" } ?? "without a gang")
                        + ", \(job.status.reason ?? "no reason"): \(job.status.message ?? "")")
            }
        }
        for node in view.nodes.values.sorted(by: { $0.metadata.name < $1.metadata.name })
        where node.status.state != .ready {
            throw Violation("7", "\(node.metadata.name) is \(node.status.state?.rawValue ?? "unknown")")
        }
        try checkSlicesRest()
    }

    /// A back-off of the job or of nodes that refused it that is not over, or a task that runs.
    private func hasReasonToWait(_ job: Kinds.Job) -> Bool {
        let now = world.controller.wall.nanosecondsSince1970 / 1_000_000_000
        if let notBefore = job.status.nextAttemptAt, notBefore.seconds >= now - 2 { return true }
        if world.truth.executing.contains(where: { $0.member.jobUID.rawValue == job.metadata.uid }) { return true }
        let members = view.slices.values.filter { $0.spec.member?.jobUID == job.metadata.uid }
        return job.status.reason == "InsufficientDevices"
            && members.contains { slice in slice.status.refusedBy.contains { $0.until.seconds >= now - 2 } }
    }

    private func checkSlicesRest() throws {
        let live = Set(view.jobs.values.filter { !$0.status.state.isFinal }.map(\.metadata.uid))
        for slice in view.sortedSlices where !live.contains(slice.spec.member?.jobUID ?? "") {
            if slice.status.state != .released {
                throw Violation(
                    "7",
                    "\(slice.metadata.name) is \(slice.status.state.rawValue) though its job is over"
                        + (slice.metadata.isTerminating ? ", and being deleted" : ""))
            }
        }
        for machine in world.machines {
            for shim in machine.shims where shim.hasProcesses && !live.contains(shim.member.jobUID.rawValue) {
                throw Violation("7", "\(shim.key) has processes on \(machine.name) though its job is over")
            }
            guard let agent = machine.agent else { continue }
            for slice in agent.core.held.values.sorted(by: { $0.uid < $1.uid })
            where !live.contains(slice.member?.jobUID.rawValue ?? "") {
                throw Violation("7", "\(machine.name) still holds \(slice.key) though its job is over")
            }
        }
        for record in view.allocations.values.sorted(by: { $0.node < $1.node }) {
            for holding in record.held {
                let slice = view.slices.values.first { $0.metadata.uid == holding.sliceUID.rawValue }
                if !live.contains(slice?.spec.member?.jobUID ?? "") {
                    throw Violation("7", "\(record.node) still holds \(holding.slice) though its job is over")
                }
            }
        }
    }

    /// 6. A job's total is the sum of what its slices metered.
    func checkTotals() throws {
        for job in view.sortedJobs where job.status.state.isFinal {
            let slices = view.slices.values.filter { $0.spec.member?.jobUID == job.metadata.uid }
            guard slices.allSatisfy({ $0.status.state == .released }) else { continue }
            let sum = slices.compactMap { $0.status.cardSeconds.flatMap(Self.thousandths) }.reduce(0, +)
            let said = job.status.cardSeconds.flatMap(Self.thousandths) ?? 0
            if said != sum {
                throw Violation("6", "\(job.metadata.name) is metered \(said) thousandths, its slices are \(sum)")
            }
        }
    }

    private static func thousandths(_ text: String) -> Int64? { try? Quantity(parsing: text).milliValue }

    /// 2. A store that is opened again has everything that was acknowledged.
    func reopened(at found: Revision) throws {
        if found < revision {
            throw Violation("2", "acknowledged was revision \(revision), the store has \(found)")
        }
    }
}
