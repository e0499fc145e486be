import TidemillModel
import TidemillSeams

/// Decides where gangs go: filter, best fit, ties by name. A value that remembers what it placed, so that the gangs of
/// one cycle see each other.
///
/// Equal snapshots and equal gangs in equal order give equal decisions; nothing else is looked at. An index over the
/// nodes may later live inside without a change to its callers.
package struct Placement: Sendable {
    private var nodes: [NodeSnapshot]
    private let classes: Set<String>

    package init(_ snapshot: ClusterSnapshot) {
        nodes = snapshot.nodes
        classes = snapshot.classes
    }

    /// Places the whole gang, or says why it waits and changes nothing (invariants 4, 5 and 8).
    package mutating func decide(_ gang: PendingGang) -> Decision {
        let fit = NodeFit(
            namespace: gang.namespace, needs: Need.all(of: gang.request), tolerations: gang.tolerations,
            passedOver: gang.passedOver)
        var trial = nodes
        var planned: [PlannedMember] = []
        for slice in gang.members {
            guard let member = Self.place(slice, by: fit, on: &trial) else {
                return explain(gang, fit: fit, placed: planned.count, left: trial)
            }
            planned.append(member)
        }
        nodes = trial
        return .place(planned)
    }

    /// Puts one member on the node where it leaves the least over, and holds its shares there.
    private static func place(_ slice: String, by fit: NodeFit, on nodes: inout [NodeSnapshot]) -> PlannedMember? {
        var best: (index: Int, fit: NodeFit.Fit, boot: BootID)?
        for (index, node) in nodes.enumerated() {
            guard let boot = node.bootID, case .success(let next) = fit.fit(node) else { continue }
            if best.map({ next.isBetter(than: $0.fit) }) ?? true { best = (index, next, boot) }
        }
        guard let (index, found, boot) = best else { return nil }
        for share in found.shares {
            guard let device = nodes[index].devices.firstIndex(where: { $0.name == share.device }) else { continue }
            nodes[index].devices[device].hold(share, for: fit.namespace)
        }
        return PlannedMember(slice: slice, node: nodes[index].name, bootID: boot, shares: found.shares)
    }

    /// How many members of the gang the cluster could hold when empty; stops at the gang's size.
    private func roomWhenEmpty(for gang: PendingGang, fit: NodeFit) -> Int {
        var open = fit
        open.passedOver = [:]
        var trial = nodes.map(\.emptied)
        var placed = 0
        for slice in gang.members {
            guard Self.place(slice, by: open, on: &trial) != nil else { break }
            placed += 1
        }
        return placed
    }

    private func explain(_ gang: PendingGang, fit: NodeFit, placed: Int, left: [NodeSnapshot]) -> Decision {
        if let missing = fit.needs.first(where: { !classes.contains($0.deviceClass) }) {
            let message = "No device class \(missing.deviceClass) exists. Create it, or ask for another class."
            return .pending(.noMatchingDevice, message: message)
        }
        let explanation = Explanation(gang: gang, fit: fit, placed: placed, nodes: left)
        guard !nodes.isEmpty else { return .pending(.insufficientDevices, message: explanation.withoutNodes) }
        let room = roomWhenEmpty(for: gang, fit: fit)
        if room < gang.members.count {
            let neverHeld = explanation.classWithoutDevices(in: nodes)
            return .pending(
                neverHeld == nil ? .neverFits : .noMatchingDevice,
                message: explanation.never(room: room, emptied: nodes.map(\.emptied)))
        }
        return .pending(.insufficientDevices, message: explanation.now)
    }
}

extension NodeFit.Fit {
    /// Nodes are tried in the order of their names, so an equal fit never displaces the first.
    func isBetter(than other: Self) -> Bool {
        isAvoided == other.isAvoided ? leftOver < other.leftOver : !isAvoided
    }
}
