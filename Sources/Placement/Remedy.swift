import TidemillModel
import TidemillSeams

/// What would make room for the next member of a gang that waits: changes to one node that are enough together
/// (invariant 8).
package struct Remedy: Hashable, Sendable {
    package enum Change: Hashable, Sendable {
        case uncordon
        case endDrain
        case endMaintenance
        /// The node is silent, or starting.
        case wait
        /// Tolerated by the job, or removed from the node.
        case tolerate(String)
        /// It refused a moment ago.
        case askAgain
        case uncordonDevice(DeviceID)
        case repairDevice(DeviceID)
        /// So much of what shares hold there.
        case free(Shortage, DeviceID)
        /// All shares of the device.
        case empty(DeviceID)
        /// By whoever wrote the job.
        case relax(Constraint)
    }

    package var node: NodeID
    package var changes: [Change]
}

extension Remedy: CustomStringConvertible {
    /// `Uncordon a.`, or `Free 1 cpu and 212Mi memory on b.`
    package var description: String {
        var texts = changes.compactMap { text(of: $0) }
        let amounts = changes.compactMap { change -> String? in
            if case .free(let shortage, _) = change { shortage.missingText } else { nil }
        }
        if !amounts.isEmpty { texts.append("free \(amounts.joined(separator: " and ")) on \(node)") }
        let all = texts.joined(separator: ", then ")
        return all.prefix(1).uppercased() + all.dropFirst()
            + (changes.contains(where: \.isForOthers) ? ", or add a node." : ".")
    }

    private func text(of change: Change) -> String? {
        switch change {
        case .uncordon: "uncordon \(node)"
        case .endDrain: "end the drain of \(node) (`tidemill uncordon \(node)`)"
        case .endMaintenance: "end the maintenance of \(node) (`tidemill maintenance \(node) --off`)"
        case .wait: "wait for \(node) to become Ready"
        case .tolerate(let key): "tolerate the taint \(key), or remove it from \(node)"
        case .askAgain: "wait until \(node) is asked again after its back-off"
        case .uncordonDevice(let device): "uncordon the device \(device)"
        case .repairDevice(let device): "repair the device \(device)"
        case .empty(let device): "free the device \(device)"
        case .relax(let constraint): constraint.relaxation
        case .free: nil
        }
    }
}

extension Remedy.Change {
    /// A node that is away or being emptied is for somebody else to bring back; another may be had sooner.
    fileprivate var isForOthers: Bool { self == .wait || self == .endDrain || self == .endMaintenance }

    /// How much it asks of people; of two remedies the one that asks less is told.
    fileprivate var burden: Int {
        switch self {
        case .uncordon: 1
        case .uncordonDevice: 2
        case .askAgain: 3
        case .free: 4
        case .tolerate: 5
        case .empty: 6
        case .relax: 7
        case .endDrain, .endMaintenance: 8
        case .wait: 10
        case .repairDevice: 12
        }
    }
}

extension Remedy {
    /// The least that makes a member fit on `node`; nil when nothing does that is listed above, or it is more of a burden than
    /// `bound`.
    init?(_ fit: MemberFit, on node: NodeSnapshot, within bound: Int) {
        self.init(node: node.name, changes: [])
        var (fit, node) = (fit, node)
        while let refusal = fit.refusal(on: node) {
            guard let change = Change(refusal), changes.count < 32, burden + change.burden <= bound else { return nil }
            switch change {
            case .tolerate(let key): node.taints.removeAll { $0.key == key }
            case .askAgain: fit.rules.passedOver = [:]
            case .relax(let constraint): fit.relax(constraint)
            default:
                guard let next = node.after(change), next != node else { return nil }
                node = next
            }
            changes.append(change)
        }
    }

    /// The first change of the remedy of a node that refuses so; nil when there is none.
    init?(beginning refusal: Refusal, on node: NodeID) {
        guard let change = Change(refusal) else { return nil }
        self.init(node: node, changes: [change])
    }

    /// Little burden first, then little that must come free.
    func isEasier(than other: Remedy) -> Bool {
        let (mine, theirs) = (burden, other.burden)
        return mine == theirs ? missing < other.missing : mine < theirs
    }

    var burden: Int { changes.reduce(0) { $0 + $1.burden } }

    private var missing: Rational {
        changes.reduce(.zero) { sum, change in
            if case .free(let shortage, _) = change { sum + shortage.missing } else { sum }
        }
    }
}

extension Remedy.Change {
    fileprivate init?(_ refusal: Refusal) {
        switch refusal {
        case .cordoned: self = .uncordon
        case .notReady(.draining): self = .endDrain
        case .notReady(.maintenance): self = .endMaintenance
        case .notReady: self = .wait
        case .tainted(let key): self = .tolerate(key)
        case .passedOver: self = .askAgain
        case .noDevice, .tooFew, .isolation, .unlike: return nil
        case .excluded(let constraint): self = .relax(constraint)
        case .deviceCordoned(_, let device): self = .uncordonDevice(device)
        case .deviceUnhealthy(_, let device): self = .repairDevice(device)
        case .sharedWithAnotherTenant(_, let device), .notEmpty(_, let device): self = .empty(device)
        case .short(let shortage, let device): self = .free(shortage, device)
        }
    }
}

extension NodeSnapshot {
    /// The node once `change` has been made; nil when there is not so much to free.
    package func after(_ change: Remedy.Change) -> NodeSnapshot? {
        var node = self
        func on(_ name: DeviceID, _ body: (inout DeviceSnapshot) -> Bool) -> NodeSnapshot? {
            guard let index = node.devices.firstIndex(where: { $0.name == name }) else { return nil }
            return body(&node.devices[index]) ? node : nil
        }
        switch change {
        case .uncordon:
            node.isCordoned = false
            if node.state == .cordoned { node.state = .ready }
        case .endDrain, .endMaintenance:
            node.isCordoned = false
            node.state = .ready
        case .wait:
            node.state = .ready
            node.bootID = node.bootID ?? BootID("unknown")
        case .tolerate(let key): node.taints.removeAll { $0.key == key }
        case .askAgain, .relax: break
        case .uncordonDevice(let name):
            return on(name) { device in
                device.isCordoned = false
                return true
            }
        case .repairDevice(let name):
            return on(name) { device in
                device.isHealthy = true
                return true
            }
        case .empty(let name):
            return on(name) { device in
                device.held = []
                return true
            }
        case .free(let shortage, let name): return on(name) { $0.free(shortage) }
        }
        return node
    }
}

extension DeviceSnapshot {
    /// Takes what is missing from the shares that are held, the first ones first. False when they hold less than that.
    fileprivate mutating func free(_ shortage: Shortage) -> Bool {
        if held.contains(where: { $0.isolation == .exclusive }) {
            held = []
            return true
        }
        var shares = held
        var left = shortage.missingAmounts
        for index in shares.indices {
            let amounts = shares[index].amounts
            shares[index].amounts.subtract(left)
            left.subtract(amounts)
        }
        held = shares.filter { $0.amounts != DeviceAmounts() }
        return left == DeviceAmounts()
    }
}

extension Shortage {
    fileprivate var missingAmounts: DeviceAmounts {
        switch self {
        case .cpu(let needed, let free): DeviceAmounts(milliCPU: needed - free)
        case .memory(_, let needed, let free): DeviceAmounts(memoryBytes: needed - free)
        case .compute(_, let needed, let free): DeviceAmounts(compute: needed - free)
        }
    }
}
