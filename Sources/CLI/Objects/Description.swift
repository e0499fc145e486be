import TidemillModel
import TidemillSeams
import TidemillWire

/// Renders an object for people: its members as an indented tree, conditions and events as tables.
struct Description {
    var kind: KindInfo
    var object: JSON
    var events: [JSON]
    /// For ages.
    var now: Timestamp
    /// What a node holds.
    var slices: [Kinds.Slice] = []

    func lines() -> [String] {
        let metadata = object["metadata"]
        var lines = [
            pair("Name", metadata?["name"]?.string ?? "")
        ]
        if kind.namespaced { lines.append(pair("Namespace", metadata?["namespace"]?.string ?? "")) }
        lines += map("Labels", metadata?["labels"], leavingOut: [])
        lines += map("Annotations", metadata?["annotations"], leavingOut: [ApplyPlan.annotation])
        lines.append(pair("API Version", kind.apiVersion))
        lines.append(pair("Kind", kind.kind))
        if let created = metadata?["creationTimestamp"]?.string {
            lines.append(pair("Created", "\(created) (\(age(created)) ago)"))
        }
        if let deleted = metadata?["deletionTimestamp"]?.string {
            lines.append(pair("Terminating", "since \(age(deleted))"))
        }
        for owner in metadata?["ownerReferences"]?.array ?? [] {
            lines.append(pair("Controlled By", "\(owner["kind"]?.string ?? "")/\(owner["name"]?.string ?? "")"))
        }
        if let finalizers = metadata?["finalizers"]?.array, !finalizers.isEmpty {
            lines.append(pair("Finalizers", finalizers.compactMap(\.string).joined(separator: ", ")))
        }
        let known: Set<String> = ["apiVersion", "kind", "metadata"]
        let shown = kind == Kinds.Node.info ? Self.forPeople(node: object, age: age) : object
        for member in shown.object?.members ?? [] where !known.contains(member.key) {
            lines += tree(member.key, member.value, indent: 0)
        }
        return lines + conditionTable() + sliceTable() + eventTable()
    }

    func pair(_ name: String, _ value: String, indent: Int = 0) -> String {
        let label = String(repeating: " ", count: indent) + name + ":"
        let width = indent == 0 ? 15 : 23
        return label + String(repeating: " ", count: max(1, width - name.count - indent)) + value
    }

    private func map(_ name: String, _ value: JSON?, leavingOut: Set<String>) -> [String] {
        let members = (value?.object?.members ?? []).filter { !leavingOut.contains($0.key) }
        if members.isEmpty { return [pair(name, "<none>")] }
        return members.enumerated().map { index, member in
            let text = "\(member.key)=\(member.value.string ?? "")"
            return index == 0 ? pair(name, text) : String(repeating: " ", count: 16) + text
        }
    }

    private func tree(_ key: String, _ value: JSON, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        if key == "conditions", indent > 0 { return [] }
        switch value {
        case .object(let object):
            if object.isEmpty { return [] }
            return ["\(margin)\(Self.title(key)):"]
                + object.members.flatMap { tree($0.key, $0.value, indent: indent + 2) }
        case .array(let items):
            if items.isEmpty { return [] }
            let scalars = items.compactMap(\.plainText)
            if scalars.count == items.count {
                if scalars.allSatisfy({ !$0.contains("\n") && $0.count < 40 }) {
                    return [pair(Self.title(key), scalars.joined(separator: ", "), indent: indent)]
                }
                return ["\(margin)\(Self.title(key)):"] + scalars.flatMap { block($0, indent: indent + 2) }
            }
            return ["\(margin)\(Self.title(key)):"]
                + items.flatMap { item -> [String] in
                    let members = item.object?.members ?? []
                    return members.enumerated().flatMap { index, member -> [String] in
                        var lines = tree(member.key, member.value, indent: indent + 4)
                        if index == 0, !lines.isEmpty {
                            lines[0] = margin + "  - " + lines[0].drop { $0 == " " }
                        }
                        return lines
                    }
                }
        default:
            guard let text = value.plainText else { return [] }
            if text.contains("\n") { return ["\(margin)\(Self.title(key)):"] + block(text, indent: indent + 2) }
            return [pair(Self.title(key), text, indent: indent)]
        }
    }

    private func block(_ text: String, indent: Int) -> [String] {
        let body = text.hasSuffix("\n") ? text.dropLast() : text[...]
        let margin = String(repeating: " ", count: indent)
        return body.split(separator: "\n", omittingEmptySubsequences: false).map { margin + $0 }
    }

    private func conditionTable() -> [String] {
        let conditions = object.at(["status", "conditions"])?.array ?? []
        if conditions.isEmpty { return [] }
        let rows = conditions.map { condition in
            [
                condition["type"]?.string ?? "", condition["status"]?.string ?? "", condition["reason"]?.string ?? "",
                condition["lastTransitionTime"]?.string.map(age) ?? "", condition["message"]?.string ?? "",
            ]
        }
        let table = TextTable(header: ["Type", "Status", "Reason", "Since", "Message"], rows: rows)
        return ["Conditions:"] + table.lines().map { "  " + $0 }
    }

    private func eventTable() -> [String] {
        if events.isEmpty { return [pair("Events", "<none>")] }
        let rows = events.map { event in
            let last = event["lastTimestamp"]?.string ?? event["eventTime"]?.string
            let from = event.at(["source", "component"])?.string ?? event["reportingComponent"]?.string
            return [
                event["type"]?.string ?? "", event["reason"]?.string ?? "", last.map(age) ?? "<unknown>", from ?? "",
                event["message"]?.string ?? "",
            ]
        }
        let table = TextTable(header: ["Type", "Reason", "Age", "From", "Message"], rows: rows)
        return ["Events:"] + table.lines().map { "  " + $0 }
    }

    private func age(_ text: String) -> String {
        guard let time = Timestamp(parsing: text) else { return text }
        return HumanDuration.text(.seconds(now.seconds - time.seconds))
    }

    /// `observedGeneration` as `Observed Generation`, `bootID` as `Boot ID`.
    static func title(_ key: String) -> String {
        var words: [String] = []
        var word = ""
        var wasUpper = false
        for character in key {
            if character.isUppercase && !wasUpper && !word.isEmpty {
                words.append(word)
                word = ""
            }
            wasUpper = character.isUppercase
            word.append(character)
        }
        words.append(word)
        return words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
    }
}
