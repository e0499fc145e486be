import TidemillLease
import TidemillModel
import TidemillSeams
import TidemillStore

/// What to write about nodes that were heard or fell silent, and about what they hold.
package struct NodePlan: Sendable {
    /// Each is written by itself; one that fails does not hold up the others.
    package var transactions: [(subject: String, changes: [PlannedChange], events: [PlannedEvent])]

    /// Detection frees nothing and ends nothing: it marks. Only a slice whose own `after` has run out is Lost, with its
    /// task Fenced in the same transaction (invariant 1b); a `keep` slice never is.
    package static func plan(_ seen: NodeObservation) -> NodePlan {
        var plan = NodePlan(transactions: [])
        for node in seen.nodes { plan.mark(node, seen) }
        for slice in seen.granted {
            if seen.lost.contains(SliceUID(slice.metadata.uid)) {
                plan.lose(slice, seen)
            } else {
                plan.mark(slice, seen)
            }
        }
        return plan
    }

    private mutating func mark(_ node: Kinds.Node, _ seen: NodeObservation) {
        let name = NodeID(node.metadata.name)
        guard let heard = seen.liveness[name] else { return }
        let state = Self.state(of: node, heard: heard)
        var next = node
        next.status.state = state
        next.status.conditions.set(Self.readyCondition(state, node: node, now: seen.now))
        guard next != node else { return }
        let before = node.status.state
        var events: [PlannedEvent] = []
        if before != state {
            let isWarning = state == .suspect || state == .disconnected
            events = [
                PlannedEvent(
                    node, "Node\(state.rawValue)",
                    "Node went from \(before?.rawValue ?? "nothing") to \(state.rawValue)", isWarning: isWarning)
            ]
        }
        transactions.append(("node \(name)", [.status(next)], events))
    }

    /// A node that is heard but has not reported its boot and amounts yet is still Initializing.
    private static func state(of node: Kinds.Node, heard: NodeLiveness.State) -> Kinds.NodeState {
        switch heard {
        case .initializing: .initializing
        case .ready: node.status.bootID == nil || node.status.allocatable == nil ? .initializing : .ready
        case .suspect: .suspect
        case .disconnected: .disconnected
        }
    }

    private static func readyCondition(_ state: Kinds.NodeState, node: Kinds.Node, now: Timestamp) -> Kinds.Condition {
        let (status, reason, message): (Kinds.ConditionStatus, String, String) =
            switch state {
            case .ready: (.true, "HeartbeatsArrive", "The agent renews its lease.")
            case .suspect: (.unknown, "NodeSuspect", "Three heartbeats in a row did not arrive.")
            case .disconnected: (.unknown, "NodeDisconnected", "Five heartbeats in a row did not arrive.")
            default: (.false, "Initializing", "The agent has not reported what the machine has.")
            }
        return Kinds.Condition(
            type: "Ready", status: status, observedGeneration: node.metadata.generation, lastTransitionTime: now,
            reason: reason, message: message)
    }

    private mutating func mark(_ slice: Kinds.Slice, _ seen: NodeObservation) {
        guard let grant = slice.status.grant, let heard = seen.liveness[NodeID(grant.node)] else { return }
        var next = slice
        switch (heard, slice.status.state) {
        case (.disconnected, .reserved), (.disconnected, .prepared), (.disconnected, .active),
            (.disconnected, .releasing):
            guard slice.status.reason != "NodeDisconnected" else { return }
            next.status.reason = "NodeDisconnected"
            next.status.message = Self.silenceText(grant)
        case (.ready, .reserved), (.ready, .prepared), (.ready, .active), (.ready, .releasing):
            guard slice.status.reason == "NodeDisconnected" else { return }
            next.status.reason = nil
            next.status.message = nil
        default:
            return
        }
        transactions.append(("slice \(slice.metadata.namespace)/\(slice.metadata.name)", [.status(next)], []))
    }

    private static func silenceText(_ grant: Kinds.Grant) -> String {
        switch grant.fencePolicy {
        case .keep:
            "Node \(grant.node) is silent. The slice is kept: nothing replaces it until the node returns or is confirmed dead."
        case .stop(let after):
            "Node \(grant.node) is silent. The slice ends when the silence has lasted \(APIDuration(after))."
        }
    }

    private mutating func lose(_ slice: Kinds.Slice, _ seen: NodeObservation) {
        guard let grant = slice.status.grant else { return }
        switch slice.status.state {
        case .pending, .released, .lost: return
        case .reserved, .prepared, .active, .releasing, .scrubbing: break
        }
        let after = grant.after.map { " for \($0)" } ?? ""
        var next = slice
        next.status.state = .lost
        next.status.reason = "NodeDisconnected"
        next.status.message = "Node \(grant.node) was silent\(after); its deadline has passed."
        var changes: [PlannedChange] = [.status(next)]
        let path = "\(slice.metadata.namespace)/\(slice.metadata.name)"
        if var task = seen.tasks[path], !task.status.state.isFinal, task.status.state != .pending {
            task.status.state = .fenced
            task.status.end = Kinds.TaskEnd(
                reason: "NodeDisconnected", message: next.status.message, startedAt: task.status.startedAt,
                finishedAt: seen.now, token: grant.token)
            changes.append(.status(task))
        }
        let event = PlannedEvent(slice, "Lost", next.status.message ?? "", isWarning: true)
        transactions.append(("slice \(path)", changes, [event]))
    }
}

extension NodePlan: CustomStringConvertible {
    package var description: String {
        transactions.flatMap { transaction in transaction.changes.map(\.description) }.joined(separator: "\n")
    }
}
