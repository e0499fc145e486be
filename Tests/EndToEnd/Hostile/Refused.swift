import TidemillClient
import TidemillModel
import TidemillRig

/// A slice that does not hold is not used. On one node a canary gets out of every slice: the grant is refused with what it
/// reached, nothing starts and nothing is left, and another node gets the work.
struct Refused: Sendable {
    static let name = "canary"
    private static let tenant = Stage.tenants.attacker

    let stage: Stage
    let leaky: Seat
    let tight: Seat

    func perform() async throws -> Tally {
        var tally = Tally()
        let outcome: Outcome
        do {
            outcome = try await play()
        } catch {
            outcome = .unclear("\(error)")
        }
        tally.countContained(Self.name, outcome)
        return tally
    }

    private func play() async throws -> Outcome {
        let job = await stage.nextJob(Self.name)
        // Processes of the node are seen, and nobody is told.
        try await stage.raise(leaky, broken: "lose:proc")
        try await stage.submit(
            job, of: Self.tenant, on: leaky, or: tight, command: ["/bin/true"],
            environment: [Leftovers.mark: leaky.node], cpu: "100m", memory: "64Mi")
        let refusals = try await Patience.until("\(leaky.node) refuses \(job)", within: .seconds(60)) {
            let (found, hasStarted) = (try await self.refusals(job), try await hasStarted(job))
            return hasStarted || !found.isEmpty ? found : nil
        }
        guard let refusal = refusals.first else { return .through("it was not refused") }
        guard refusal.reason == "ProbeFailed", let message = refusal.message else {
            return .unclear("refused with \(refusal.reason): \(refusal.message ?? "")")
        }
        // An agent that starts anew refuses again, and undoes what the one before left.
        try await stage.rig.killAgent(on: leaky)
        try await stage.raise(leaky, broken: "lose:proc")
        try await stage.raise(tight, broken: "")
        let nodes = try await Patience.until("\(job) ends", within: .seconds(60)) {
            guard try await self.job(job).status.state == .succeeded else { return [String]?.none }
            return try await nodesThatRan(job)
        }
        let left = try await Leftovers.settled { try Leftovers.ofWork(leaky, stage.rig) }
        try await stage.finish(job, of: Self.tenant)
        try await stage.lower(leaky)
        try await stage.lower(tight)
        if nodes != [tight.node] { return .through("it ran on \(nodes)") }
        if !left.isEmpty { return .through("left of it: \(left)") }
        return .held("refused: \(message) It ran on another node.")
    }

    private func job(_ name: String) async throws -> Kinds.Job {
        try await stage.rig.admin().get(Kinds.Job.self, namespace: Self.tenant, name: name)
    }

    private func refusals(_ job: String) async throws -> [Kinds.Refusal] {
        try await slices(job).flatMap(\.status.refusedBy).filter { $0.node == leaky.node }
    }

    private func slices(_ job: String) async throws -> [Kinds.Slice] {
        try await stage.rig.admin().list(Kinds.Slice.self).objects.filter { $0.spec.member?.job == job }
    }

    private func hasStarted(_ job: String) async throws -> Bool { try await self.job(job).status.startedAt != nil }

    /// Nodes on which a slice of the job was ever Active; nil while one of them is held.
    private func nodesThatRan(_ job: String) async throws -> [String]? {
        let slices = try await slices(job)
        guard slices.allSatisfy({ $0.status.state == .released }) else { return nil }
        return slices.filter { $0.status.activeAt != nil }.compactMap(\.status.grant?.node)
    }
}
