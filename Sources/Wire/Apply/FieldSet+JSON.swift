/// The format `FieldsV1`: an object for each step, `{}` for a member, and `.` for a member that has others below it.
extension FieldSet {
    package var json: JSON {
        var object = JSONObject()
        for node in nodes { object.append(node.step.name, node.json) }
        return .object(object)
    }

    /// Reads the format; steps of an unknown kind are passed over, with all below them.
    package init(json: JSON) throws(FieldSetError) {
        self = try Self.read(json, at: "fieldsV1").below
    }

    /// What an object says: whether the field that it stands for is a member, and what is below it.
    private static func read(_ json: JSON, at name: String) throws(FieldSetError) -> (isMember: Bool, below: FieldSet) {
        guard case .object(let object) = json else {
            throw FieldSetError(message: "\(JSON.string(name).shortText) must be an object, not \(json.typeName)")
        }
        var nodes: [Node] = []
        for member in object.members where member.key != "." {
            guard let step = try FieldStep.named(member.key) else { continue }
            let (isMember, below) = try read(member.value, at: member.key)
            nodes.append(Node(step, isMember: isMember, below: below))
        }
        let below = FieldSet(nodes)
        return (below.isEmpty || object["."] != nil, below)
    }
}

extension FieldSet.Node {
    fileprivate var json: JSON {
        guard isMember, !below.isEmpty else { return below.json }
        return .object(JSONObject([.init(key: ".", value: [:])] + (below.json.object?.members ?? [])))
    }
}
