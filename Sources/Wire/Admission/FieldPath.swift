/// Where a walk through a tree stands; spelt only when there is an error to report.
struct FieldPath {
    private enum Step {
        case member(String)
        case index(Int)
        case key(String)
    }

    private var steps: [Step] = []

    mutating func enter(member: String) { steps.append(.member(member)) }
    mutating func enter(index: Int) { steps.append(.index(index)) }
    mutating func enter(key: String) { steps.append(.key(key)) }
    mutating func leave() { steps.removeLast() }

    /// `spec.slice.devices[0].compute`, `metadata.labels[a/b]`.
    var text: String {
        var text = ""
        for step in steps {
            switch step {
            case .member(let name): text += (text.isEmpty ? "" : ".") + Self.cut(name)
            case .index(let index): text += "[\(index)]"
            case .key(let key): text += "[" + Self.cut(key) + "]"
            }
        }
        return text
    }

    /// A client's own key may be as long as its request; an error shows the start of it.
    private static func cut(_ key: String) -> String {
        key.utf8.count > 200 ? String(key.unicodeScalars.prefix(100)) + "…" : key
    }
}
