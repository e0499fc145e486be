import TidemillModel
import TidemillWire

/// What of a node reads better in a line than as a tree.
extension Description {
    /// The node with its taints as `key=value:Effect, since 5m` and its drain in words.
    static func forPeople(node: JSON, age: (String) -> String) -> JSON {
        var node = node
        if let taints = node.at(["spec", "taints"])?.array, !taints.isEmpty {
            node["spec"]?["taints"] = .array(
                taints.map { taint in
                    let value = taint["value"]?.string.map { "=\($0)" } ?? ""
                    let since = taint["timeAdded"]?.string.map { " since \(age($0))" } ?? ""
                    return .string("\(taint["key"]?.string ?? "")\(value):\(taint["effect"]?.string ?? "")\(since)")
                })
        }
        if let drain = node.at(["spec", "drain"]), drain.object != nil {
            node["spec"]?["drain"] = .string(words(ofDrain: drain, age: age))
        }
        return node
    }

    /// `since 5m, forced after 300s, at most 2 at once`
    private static func words(ofDrain drain: JSON, age: (String) -> String) -> String {
        let timeout = drain["timeout"]?.string ?? APIDuration(Kinds.Drain.defaultTimeout).text
        var words = [
            drain["startedAt"]?.string.map { "since \(age($0))" } ?? "asked for",
            drain["force"]?.bool == true ? "forced after \(timeout)" : "not forced (timeout \(timeout))",
        ]
        if let most = drain["maxConcurrent"]?.integer { words.append("at most \(most) at once") }
        return words.joined(separator: ", ")
    }

    /// What the node holds, for `describe node`.
    func sliceTable() -> [String] {
        guard kind == Kinds.Node.info else { return [] }
        if slices.isEmpty { return [pair("Slices", "<none>")] }
        let rows = slices.map { slice in
            [
                slice.metadata.namespace, slice.metadata.name, slice.status.state.rawValue,
                slice.spec.preemptibility.rawValue, slice.status.grant?.onDisconnectText ?? "",
                slice.status.reason ?? "",
            ]
        }
        let table = TextTable(
            header: ["Namespace", "Name", "Status", "Preemptibility", "On Disconnect", "Reason"], rows: rows)
        return ["Slices:"] + table.lines().map { "  " + $0 }
    }
}
