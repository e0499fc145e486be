import TidemillModel
import TidemillWire

/// What to do to the taints of a node: `key=value:NoExecute` and `key:NoSchedule` add, `key-` and `key:NoSchedule-` remove.
struct TaintEdit: Equatable {
    struct Removal: Equatable {
        var key: String
        /// Only a taint of this effect; any when nil.
        var effect: Kinds.TaintEffect?
    }

    var added: [Kinds.Taint] = []
    var removed: [Removal] = []

    init(parsing words: [String]) throws {
        if words.isEmpty { throw Failure("say what to change, such as key=value:NoSchedule, or key- to remove") }
        for word in words {
            if word.hasSuffix("-") {
                let (key, effect) = try Self.split(String(word.dropLast()), of: word)
                if key.contains("=") { throw Failure("\"\(word)\": a taint is removed by its key, without a value") }
                removed.append(Removal(key: key, effect: try effect.map { try Self.effect($0, of: word) }))
            } else {
                added.append(try Self.taint(word))
            }
        }
        let keys = added.map(\.key) + removed.map(\.key)
        if let twice = keys.first(where: { key in keys.count { $0 == key } > 1 }) {
            throw Failure("\"\(twice)\" is named twice: a node has one taint of each key")
        }
    }

    private static func taint(_ word: String) throws -> Kinds.Taint {
        let (left, effect) = try split(word, of: word)
        guard let effect else {
            throw Failure("\"\(word)\" has no effect: write key=value:EFFECT with \(effects), or key- to remove")
        }
        let sides = left.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let value = sides.count > 1 && !sides[1].isEmpty ? sides[1] : nil
        if let problem = Names.problems(inLabelKey: sides[0]).first { throw Failure("\"\(word)\": its key \(problem)") }
        if let value, let problem = Names.problems(inLabelValue: value).first {
            throw Failure("\"\(word)\": its value \(problem)")
        }
        return Kinds.Taint(key: sides[0], value: value, effect: try self.effect(effect, of: word))
    }

    /// `key=value` and, after the last colon, the effect.
    private static func split(_ text: String, of word: String) throws -> (String, String?) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, !parts[0].isEmpty else {
            throw Failure("\"\(word)\" is no taint: write key=value:EFFECT, or key- to remove")
        }
        return (parts[0], parts.count > 1 ? parts[1] : nil)
    }

    private static let effects = "NoSchedule, PreferNoSchedule or NoExecute"

    private static func effect(_ text: String, of word: String) throws -> Kinds.TaintEffect {
        guard let effect = Kinds.TaintEffect(rawValue: text) else {
            throw Failure("\"\(word)\": \"\(text)\" is no effect: write \(effects)")
        }
        return effect
    }

    /// The taints of `node` after the edit, as a patch that holds only for what was seen.
    /// - Parameter overwrites: whether a taint of the same key may be changed.
    func change(_ node: Kinds.Node, overwrites: Bool) throws -> NodeChange {
        let name = node.metadata.name
        var taints = node.spec.taints
        for removal in removed {
            let before = taints.count
            taints.removeAll { $0.key == removal.key && (removal.effect == nil || removal.effect == $0.effect) }
            if taints.count == before {
                let effect = removal.effect.map { ":\($0.rawValue)" } ?? ""
                throw Failure("node \(name) has no taint \(removal.key)\(effect)")
            }
        }
        for taint in added {
            guard let index = taints.firstIndex(where: { $0.key == taint.key }) else {
                taints.append(taint)
                continue
            }
            if taints[index].text == taint.text { continue }
            guard overwrites else {
                throw Failure("node \(name) has the taint \(taints[index].text) already: --overwrite changes it")
            }
            taints[index] = taint
        }
        let called = Kinds.Node.info.named(name)
        if taints == node.spec.taints { return NodeChange(patch: nil, message: "\(called) already so tainted") }
        let metadata: JSON = node.metadata.resourceVersion.map { ["resourceVersion": .string($0)] } ?? [:]
        return NodeChange(
            patch: ["metadata": metadata, "spec": ["taints": .array(taints.map(\.json))]],
            message: "\(called) \(added.isEmpty ? "untainted" : "tainted")")
    }
}
