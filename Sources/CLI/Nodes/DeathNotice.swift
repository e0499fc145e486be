import TidemillModel
import TidemillWire

/// What it means to confirm a node dead: whose work starts elsewhere, and what must be true for it. Pure.
struct DeathNotice {
    /// Stands for the boot of a node that never reported one.
    static let unknownBoot = "unknown"

    var node: Kinds.Node
    /// What is granted on it and not Released.
    var slices: [Kinds.Slice]

    private var name: String { node.metadata.name }
    var bootID: String { node.status.bootID ?? Self.unknownBoot }

    /// Why the controller would not believe it; nil when it would.
    var refusal: Failure? {
        if let halted = node.haltOfController {
            return Failure("the controller believes no word about nodes now. \(halted)")
        }
        let state = node.status.state ?? .initializing
        switch state {
        case .ready, .suspect, .draining, .cordoned:
            return Failure(
                "node \(name) is \(state.rawValue), so its agent is heard, or was a moment ago: only a node that is "
                    + "silent can be confirmed dead. `tidemill drain \(name)` empties one that lives")
        case .initializing, .disconnected, .lost, .maintenance:
            return nil
        }
    }

    /// It was said before.
    var isConfirmed: Bool { node.spec.confirmedDead?.bootID == bootID }

    func lines() -> [String] {
        var lines = ["Node \(name) is \(node.status.state?.rawValue ?? "Initializing"), boot \(bootID)."]
        if slices.isEmpty {
            lines.append("Nothing is granted on it.")
        } else {
            let one = slices.count == 1
            lines.append("\(one ? "1 slice is" : "\(slices.count) slices are") given up; the work starts elsewhere:")
            let rows = slices.map { slice in
                return [
                    slice.metadata.namespace, slice.metadata.name, slice.spec.member?.job ?? "<none>",
                    slice.status.state.rawValue, slice.status.grant?.onDisconnectText ?? "",
                ]
            }
            let table = TextTable(header: ["NAMESPACE", "SLICE", "JOB", "STATUS", "ON DISCONNECT"], rows: rows)
            lines += table.lines().map { "  " + $0 }
        }
        if slices.contains(where: { $0.status.grant?.policy == .keep }) {
            lines.append(
                "Nothing ends a `keep` slice on a machine that is only cut off: if it runs still, its work will run twice."
            )
        }
        lines.append("Say so only when the machine is off, or will never run this boot again.")
        return lines
    }

    func patch(reason: String?) -> JSON {
        var dead: JSON = ["bootID": .string(bootID)]
        if let reason { dead["reason"] = .string(reason) }
        return ["spec": ["confirmedDead": dead]]
    }
}

extension Kinds.Grant {
    /// `keep`, `stop after 1m`
    var onDisconnectText: String { policy.rawValue + (after.map { " after \($0)" } ?? "") }
}

extension Kinds.Node {
    /// Why the controller has stopped acting, as it says on every node; nil while it acts.
    var haltOfController: String? {
        let ready = status.conditions.first { $0.type == "Ready" }
        return ready?.reason == "ControllerRolledBack" ? ready?.message : nil
    }
}
