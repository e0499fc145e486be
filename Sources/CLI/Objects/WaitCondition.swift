import TidemillModel
import TidemillWire

/// What `wait --for` waits for.
enum WaitCondition: Equatable {
    /// `delete`
    case deletion
    /// `create`
    case creation
    /// `condition=Ready`, `condition=Ready=False`
    case condition(type: String, status: String)
    /// `state=Succeeded`, or `jsonpath={.status.state}=Succeeded`
    case value(path: [String], wanted: String)

    init(parsing text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (parts[0].lowercased(), parts.count > 1 ? parts[1] : nil) {
        case ("delete", nil): self = .deletion
        case ("create", nil): self = .creation
        case ("condition", let rest?) where !rest.isEmpty:
            let condition = rest.split(separator: "=", maxSplits: 1).map(String.init)
            self = .condition(type: condition[0], status: condition.count > 1 ? condition[1] : "True")
        case ("state", let wanted?) where !wanted.isEmpty:
            self = .value(path: ["status", "state"], wanted: wanted)
        case ("jsonpath", let rest?):
            guard let end = rest.lastIndex(of: "}"), rest.hasPrefix("{."), rest[end...].hasPrefix("}=") else {
                throw Self.unreadable(text)
            }
            let path = rest[rest.index(rest.startIndex, offsetBy: 2)..<end]
            let steps = path.split { $0 == "." || $0 == "[" || $0 == "]" }.map(String.init)
            guard !steps.isEmpty else { throw Self.unreadable(text) }
            self = .value(path: steps, wanted: String(rest[rest.index(end, offsetBy: 2)...]))
        default:
            throw Self.unreadable(text)
        }
    }

    private static func unreadable(_ text: String) -> Failure {
        Failure(
            "--for=\(text) is not understood: use condition=TYPE[=STATUS], state=STATE, jsonpath={.PATH}=VALUE, create or delete"
        )
    }

    /// What an object, or its absence, means for the wait.
    func judge(_ object: JSON?, kind: KindInfo, name: String) -> Waiting.Verdict {
        switch self {
        case .deletion: return object == nil ? .holds : .goOn
        case .creation: return object == nil ? .goOn : .holds
        case .condition(let type, let status):
            guard let object else { return .never("\(kind.groupResource) \"\(name)\" not found") }
            let conditions = object.at(["status", "conditions"])?.array ?? []
            let found = conditions.first { $0["type"]?.string?.lowercased() == type.lowercased() }
            if found?["status"]?.string?.lowercased() == status.lowercased() { return .holds }
            return Self.isFinal(object, kind) ? Self.settled(object, kind, name) : .goOn
        case .value(let path, let wanted):
            guard let object else { return .never("\(kind.groupResource) \"\(name)\" not found") }
            if object.at(path)?.plainText == wanted { return .holds }
            let isState = path == ["status", "state"]
            return isState && Self.isFinal(object, kind) ? Self.settled(object, kind, name) : .goOn
        }
    }

    /// A job's final state never changes (invariant 2), and neither does a task's.
    private static func isFinal(_ object: JSON, _ kind: KindInfo) -> Bool {
        guard kind == Kinds.Job.info || kind == Kinds.Task.info else { return false }
        let final = ["Succeeded", "Failed", "Cancelled", "Fenced", "Preempted"]
        return final.contains(object.at(["status", "state"])?.string ?? "")
    }

    private static func settled(_ object: JSON, _ kind: KindInfo, _ name: String) -> Waiting.Verdict {
        let status = object["status"]
        let reason = status?["reason"]?.string ?? status?.at(["end", "reason"])?.string
        let state = status?["state"]?.string ?? ""
        return .never("\(kind.named(name)) is \(state)\(reason.map { " (\($0))" } ?? ""), and stays so")
    }
}
