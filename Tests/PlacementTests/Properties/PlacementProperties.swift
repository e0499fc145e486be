import Glibc
import Testing
import TidemillModel
import TidemillPlacement
import TidemillSeams

/// What must hold on any cluster. `TIDEMILL_PROPERTIES` says how many there are; a failing seed says itself.
@Suite struct PlacementProperties {
    /// One thing that happens to a cluster.
    enum Step: Sendable {
        case gang(PendingGang)
        /// What the n-th placed member holds comes free.
        case release(Int)
        case cordon(Int)
    }

    static let seeds: ClosedRange<UInt64> =
        1...(getenv("TIDEMILL_PROPERTIES").flatMap { UInt64(String(cString: $0)) } ?? 200)

    static func steps(_ cluster: inout RandomCluster) -> [Step] {
        (0..<24).map { number in
            if cluster.chance(5) { return .release(cluster.index(below: 8)) }
            if cluster.chance(9) { return .cordon(cluster.index(below: 8)) }
            return .gang(cluster.gang(number))
        }
    }

    @Test func `every decision is right, whole, explained, and that of a scan`() async {
        for seed in Self.seeds {
            // Tests beside it wait for the same threads.
            await Task.yield()
            var cluster = RandomCluster(seed: seed)
            var steps = Self.steps(&cluster)
            guard var failure = Self.failure(of: steps, on: cluster.snapshot) else { continue }
            // Shrink: leave out what the failure does not need.
            var index = 0
            while index < steps.count {
                var fewer = steps
                fewer.remove(at: index)
                if let same = Self.failure(of: fewer, on: cluster.snapshot) {
                    (steps, failure) = (fewer, same)
                } else {
                    index += 1
                }
            }
            Issue.record("seed \(seed): \(failure)\nsteps: \(steps)\ncluster: \(cluster.snapshot)")
            return
        }
    }

    /// What is wrong after one of the steps; nil when nothing is.
    static func failure(of steps: [Step], on snapshot: ClusterSnapshot) -> String? {
        var placement = Placement(snapshot, remembering: 6)
        var again = placement
        var placed: [PlannedMember] = []
        for step in steps {
            switch step {
            case .gang(let gang):
                let before = placement.cluster
                var scanning = placement
                let decision = placement.decide(gang)
                if scanning.decide(gang, by: .scan) != decision { return "\(gang.job): a scan decides otherwise" }
                if let wrong = Self.error(inChoiceOf: gang, placement, decision) { return "\(gang.job): \(wrong)" }
                if again.decide(gang) != decision { return "\(gang.job): decided otherwise the second time" }
                switch decision {
                case .place(let members):
                    if members.map(\.slice) != gang.members { return "\(gang.job): members are missing" }
                    let checks = ConstraintChecks(gang: gang, nodes: before, members: members)
                    if let wrong = checks.broken { return "\(gang.job): \(wrong)" }
                    placed += members
                case .pending(let cause):
                    if placement.cluster != before { return "\(gang.job): waits and holds something" }
                    if let wrong = Self.error(in: cause.remedy, for: gang, placement) {
                        return "\(gang.job): \(cause.reason.rawValue): \(cause.message): \(wrong)"
                    }
                }
            case .release(let number):
                guard !placed.isEmpty else { continue }
                let member = placed.remove(at: number % placed.count)
                for node in placement.cluster where node.name == member.node {
                    placement.update([Self.without(member, node)])
                    again.update([Self.without(member, node)])
                }
            case .cordon(let number):
                var node = placement.cluster[number % placement.cluster.count]
                node.isCordoned.toggle()
                placement.update([node])
                again.update([node])
            }
            if let wrong = Self.excess(in: placement.cluster) { return wrong }
        }
        for number in placement.record?.numbers ?? 1..<1 {
            let excerpt = placement.record?.excerpt(number)
            if excerpt?.excerpt.replayed() != excerpt?.line.decision {
                return "decision \(number) is not the same again"
            }
        }
        return nil
    }

    /// Of the classes that a single device may have, the decision is that for the best one that fits.
    static func error(inChoiceOf gang: PendingGang, _ placement: Placement, _ decision: Decision) -> String? {
        guard let device = gang.request.devices.first, gang.request.devices.count == 1,
            let alternative = device.alternatives.first
        else { return nil }
        var trial = placement
        if case .place(let members) = decision {
            for member in members { trial.release(member, of: gang.namespace) }
        }
        // It does half as much again for the same price.
        for name in [alternative.class, device.class] {
            var gang = gang
            gang.request.devices[0].alternatives = []
            gang.request.devices[0].class = name
            if case .place(let members) = trial.decide(gang) {
                return decision == .place(members) ? nil : "\(name) would have fitted"
            }
        }
        if case .place = decision { return "no class fits by itself" }
        return nil
    }

    /// The remedy of a gang of one makes it fit, on that node.
    static func error(in remedy: Remedy?, for gang: PendingGang, _ placement: Placement) -> String? {
        guard let remedy, gang.members.count == 1 else { return nil }
        guard var node = placement.cluster.first(where: { $0.name == remedy.node }) else { return "no such node" }
        var (gang, trial) = (gang, placement)
        for change in remedy.changes {
            if change == .askAgain { gang.passedOver[node.name] = nil }
            if case .relax(let constraint) = change { gang.relax(constraint) }
            guard let next = node.after(change) else { return "\(change) cannot be made" }
            node = next
        }
        trial.update([node])
        guard case .place(let members) = trial.decide(gang) else { return "it does not help" }
        // What the job does not rule out any more may open other nodes, too.
        let opensOthers = remedy.changes.contains { if case .relax = $0 { true } else { false } }
        return opensOthers || members[0].node == node.name ? nil : "it was not needed"
    }

    /// The node without what one member holds: one share of these amounts on each of its devices.
    static func without(_ member: PlannedMember, _ node: NodeSnapshot) -> NodeSnapshot {
        var node = node
        for share in member.shares {
            for index in node.devices.indices where node.devices[index].name == share.device {
                let device = node.devices[index]
                if let held = device.held.firstIndex(where: { $0.amounts == share.amounts }) {
                    node.devices[index].held.remove(at: held)
                }
            }
        }
        return node
    }

    /// A device that holds more than it has; counted here from what is held, not from what placement thinks is free.
    static func excess(in nodes: [NodeSnapshot]) -> String? {
        for node in nodes {
            for device in node.devices {
                var (cpu, bytes, compute) = (Int64(0), Int64(0), Rational.zero)
                for share in device.held {
                    cpu += share.amounts.milliCPU
                    bytes += share.amounts.memoryBytes
                    if !device.isCPU { compute = compute + share.amounts.compute }
                }
                if cpu > device.allocatable.milliCPU || bytes > device.allocatable.memoryBytes || compute > .one {
                    return "\(device.name) holds \(cpu)m, \(bytes) bytes, \(compute)"
                }
                if device.held.contains(where: { $0.isolation == .exclusive }), device.held.count > 1 {
                    return "\(device.name) is exclusive and shared"
                }
                let tenants = Set(device.held.map(\.namespace))
                if tenants.count > 1, device.held.contains(where: { $0.isolation == .advisory }) {
                    return "\(device.name) is shared by \(tenants) without enforcement"
                }
            }
        }
        return nil
    }
}
