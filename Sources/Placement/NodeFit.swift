import TidemillModel
import TidemillSeams

/// Tries one member on one node: every need finds a device there, or the first that does not says why.
struct NodeFit {
    /// The shares, and what is left over on the devices that they touch, in millionths of a device.
    struct Fit: Equatable {
        var shares: [PlannedShare]
        var leftOver: Int64
        /// Taints with PreferNoSchedule that are not tolerated, or with NoExecute that are tolerated for a time only: such
        /// nodes come after all others.
        var isAvoided: Bool
    }

    var namespace: String
    var needs: [Need]
    var tolerations: [Kinds.Toleration]
    var passedOver: [NodeID: String]

    func fit(_ node: NodeSnapshot) -> Result<Fit, Refusal> {
        if let refusal = gate(node) { return .failure(refusal) }
        var devices = node.devices
        var shares: [PlannedShare] = []
        var leftOver: Int64 = 0
        for need in needs {
            switch best(for: need, among: devices, taken: shares) {
            case .failure(let refusal):
                return .failure(refusal)
            case .success(let choice):
                shares.append(choice.share)
                leftOver += choice.leftOver
                devices[choice.index].hold(choice.share, for: namespace)
            }
        }
        let isAvoided = node.taints.contains { tolerations.tolerance(of: $0) != .forEver }
        return .success(Fit(shares: shares, leftOver: leftOver, isAvoided: isAvoided))
    }

    /// What keeps the whole node out of reach, before any device is looked at.
    private func gate(_ node: NodeSnapshot) -> Refusal? {
        if node.isCordoned || node.state == .cordoned { return .cordoned }
        guard node.state == .ready, node.bootID != nil else { return .notReady(node.state) }
        let refused = node.taints.first { $0.effect != .preferNoSchedule && !tolerations.tolerate($0) }
        if let taint = refused { return .tainted(taint.key) }
        if let reason = passedOver[node.name] { return .passedOver(reason) }
        return nil
    }

    private struct Choice {
        var index: Int
        var share: PlannedShare
        var leftOver: Int64
    }

    /// The device on which the need leaves the least over; ties go to the first name.
    private func best(for need: Need, among devices: [DeviceSnapshot], taken: [PlannedShare]) -> Result<Choice, Refusal>
    {
        var best: Choice?
        var refusal: Refusal?
        for (index, device) in devices.enumerated() {
            guard let offered = device.grades(for: need) else { continue }
            // One slice holds at most one share of a device, since a grant lists each device once.
            if taken.contains(where: { $0.device == device.name }) { continue }
            switch share(of: device, for: need, offered: offered) {
            case .failure(let next):
                refusal = refusal.map { $0.nearer(next) } ?? next
            case .success(let share):
                let left = device.leftOver(after: share)
                if best.map({ left < $0.leftOver }) ?? true {
                    best = Choice(index: index, share: share, leftOver: left)
                }
            }
        }
        return best.map { .success($0) } ?? .failure(refusal ?? .noDevice(need.deviceClass))
    }

    private func share(
        of device: DeviceSnapshot, for need: Need, offered: [Kinds.IsolationGrade]
    ) -> Result<PlannedShare, Refusal> {
        if device.isCordoned { return .failure(.deviceCordoned(need.deviceClass)) }
        if !device.isHealthy { return .failure(.deviceUnhealthy(need.deviceClass)) }
        guard let grade = grade(for: need, offered: offered) else {
            return .failure(.isolation(need.isolation ?? .advisory, need.deviceClass))
        }
        let whole = grade == .exclusive
        let amounts = whole ? device.allocatable : need.amounts(on: device)
        if let shortage = device.shortage(of: amounts, whole: whole, deviceClass: need.deviceClass) {
            return .failure(shortage)
        }
        if device.held.contains(where: { isForeign($0, beside: grade) }) {
            return .failure(.sharedWithAnotherTenant(need.deviceClass))
        }
        let units = need.cardUnits(of: amounts, on: device, grade: grade)
        return .success(
            PlannedShare(
                device: device.name, isCPU: device.isCPU, amounts: amounts, compute: need.compute, cardUnits: units,
                isolation: grade))
    }

    /// Two tenants meet on a device only when neither of their shares is advisory (invariant 10).
    private func isForeign(_ held: HeldShare, beside grade: Kinds.IsolationGrade) -> Bool {
        held.namespace != namespace && (grade == .advisory || held.isolation == .advisory)
    }

    /// The strongest grade on offer that shares the device and is strong enough; the whole device where only that will do.
    private func grade(for need: Need, offered: [Kinds.IsolationGrade]) -> Kinds.IsolationGrade? {
        let weakest = need.isolation?.strength ?? 0
        let enough = offered.filter { $0.strength >= weakest }.sorted { $0.strength > $1.strength }
        return enough.first { $0 != .exclusive } ?? enough.first
    }
}

extension Kinds.IsolationGrade {
    /// Orders the grades: a higher number isolates more.
    package var strength: Int {
        switch self {
        case .advisory: 0
        case .enforced: 1
        case .hardware: 2
        case .exclusive: 3
        }
    }
}
