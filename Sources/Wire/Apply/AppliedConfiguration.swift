import TidemillModel

/// What a client applies: a part of an object, and the fields that it claims with it.
package struct AppliedConfiguration: Sendable {
    /// The parts that can be owned, each as the store spells it, and nothing else: no defaults, no nulls.
    let tree: JSON
    let fields: FieldSet
    let shape: FieldShape
    /// Members that no schema knows; they are not in `tree`. Strict servers refuse them.
    package let unknown: [FieldError]

    /// A configuration that is spelt already.
    init(_ tree: JSON, along shape: FieldShape, unknown: [FieldError] = []) {
        self.tree = tree
        self.shape = shape
        self.unknown = unknown
        fields = shape.fields(of: tree)
    }

    /// Reads the body of an apply request for one half of an object of `kind`.
    ///
    /// What is wrong with a value is thrown here; what only a whole object can lack shows when the result is admitted.
    package init(
        _ body: JSON, _ kind: KindInfo, _ half: FieldShape.Half = .main
    ) throws(ApplyFailure) {
        guard case .object(let object) = body else {
            throw .malformed("what is applied must be an object, not \(body.typeName)")
        }
        for (field, wanted) in [("apiVersion", kind.apiVersion), ("kind", kind.kind)] {
            guard let value = object[field], value != .null, value != .string(wanted) else { continue }
            throw .malformed(
                "\(field) in the data (\(value.shortText)) does not match the expected \(field) (\(wanted))")
        }
        if let claimed = body.at(["metadata", "managedFields"]), claimed != .null {
            throw .malformed("metadata.managedFields must be nil")
        }
        let shape = FieldShape(kind, half)
        let part = shape.ownable(body)
        let (admitted, errors) = Admission.admit(part, kind: kind)
        let wrong = errors.filter { $0.reason != .unknown && $0.reason != .required }
        if !wrong.isEmpty { throw .invalid(wrong) }
        self.init(
            shape.spelt(part, admitted) ?? [:], along: shape, unknown: errors.filter { $0.reason == .unknown })
    }
}

extension FieldShape {
    /// Without the members that nobody may own.
    fileprivate func ownable(_ value: JSON) -> JSON {
        guard case .structure(let fields) = self, case .object(let object) = value else { return value }
        let members = object.members.compactMap { member -> JSONObject.Member? in
            let shape = fields[member.key]
            if shape == .unowned { return nil }
            return .init(key: member.key, value: shape?.ownable(member.value) ?? member.value)
        }
        return .object(JSONObject(members))
    }

    /// What `value` says, as `admitted` spells it: leaves with the defaults within them, nothing beside them. Nil where it
    /// says nothing: null, an unknown member, an empty map or list of parts.
    fileprivate func spelt(_ value: JSON, _ admitted: JSON?) -> JSON? {
        if value == .null { return nil }
        switch (self, value) {
        case (.structure(let fields), .object(let object)):
            return .object(members(object, admitted) { fields[$0] })
        case (.map(let shape), .object(let object)):
            let members = members(object, admitted) { _ in shape }
            return members.isEmpty ? nil : .object(members)
        case (.listMap(_, let shape), .array(let items)):
            let spelt = admitted?.array ?? []
            let result = items.enumerated().compactMap { index, item in
                shape.spelt(item, spelt.indices.contains(index) ? spelt[index] : nil)
            }
            return result.isEmpty ? nil : .array(result)
        case (.set, .array(let items)):
            return items.isEmpty ? nil : admitted ?? value
        default:
            return admitted ?? value
        }
    }

    private func members(_ object: JSONObject, _ admitted: JSON?, shape: (String) -> FieldShape?) -> JSONObject {
        let spelt = admitted?.object ?? JSONObject()
        let positions = JSONObject.Positions(spelt)
        return JSONObject(
            object.members.compactMap { member in
                let normal = positions[member.key].map { spelt.members[$0].value }
                guard let value = shape(member.key)?.spelt(member.value, normal) else { return nil }
                return .init(key: member.key, value: value)
            })
    }
}
