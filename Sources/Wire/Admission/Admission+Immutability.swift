import TidemillModel

extension Admission {
    /// What a change does to fields that may not change, each with its path. Both trees are admitted ones.
    package static func immutableViolations(old: JSON, new: JSON, kind: KindInfo) -> [FieldError] {
        var comparison = ImmutabilityWalk()
        comparison.members(old, new, kind.schema, frozen: false)
        return comparison.errors
    }
}

/// Compares two admitted trees along the schema.
private struct ImmutabilityWalk {
    var errors: [FieldError] = []
    private var path = FieldPath()

    mutating func members(_ old: JSON?, _ new: JSON?, _ type: SchemaType, frozen: Bool) {
        for field in type.fields {
            path.enter(member: field.name)
            value(old?[field.name], new?[field.name], field.type, frozen: frozen || type.immutable || field.immutable)
            path.leave()
        }
    }

    private mutating func value(_ old: JSON?, _ new: JSON?, _ type: FieldType, frozen: Bool) {
        guard old != new else { return }
        switch type {
        case .object(let name):
            guard let schema = Kinds.types[name] else { return }
            if frozen, old == nil || new == nil { return report(new) }
            members(old, new, schema, frozen: frozen)
        case .list(let item):
            let (olds, news) = (old?.array ?? [], new?.array ?? [])
            if frozen, olds.count != news.count { return report(new) }
            for (index, pair) in zip(olds, news).enumerated() {
                path.enter(index: index)
                value(pair.0, pair.1, item, frozen: frozen)
                path.leave()
            }
        case .quantity where equalQuantities(old, new):
            return
        default:
            if frozen { report(new) }
        }
    }

    /// `1Gi` and `1024Mi` are no change.
    private func equalQuantities(_ old: JSON?, _ new: JSON?) -> Bool {
        guard let old, let new else { return false }
        // A text that is no quantity equals nothing; admission has reported it.
        guard let a = try? Quantity(json: old), let b = try? Quantity(json: new) else { return false }
        return a == b
    }

    private mutating func report(_ new: JSON?) {
        guard errors.count < Admission.mostErrors else { return }
        let detail = "field is immutable"
        switch new {
        case .string(let text): errors.append(.invalid(path.text, text, detail))
        case .integer(let number): errors.append(.invalid(path.text, number, detail))
        default: errors.append(FieldError(field: path.text, reason: .invalid, message: "Invalid value: \(detail)"))
        }
    }
}
