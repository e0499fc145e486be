/// JSON merge patches (RFC 7386): an object names the members to set, and to remove by null; anything else replaces.
package enum MergePatch {
    /// `target` with `patch` applied. Members that stay keep their places; new ones follow in the patch's order.
    package static func apply(_ patch: JSON, to target: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        let old = target.object ?? JSONObject()
        let positions = JSONObject.Positions(old)
        var members: [JSONObject.Member?] = old.members
        for change in changes.members {
            guard let index = positions[change.key] else {
                if change.value != .null {
                    members.append(.init(key: change.key, value: apply(change.value, to: .null)))
                }
                continue
            }
            if change.value == .null {
                members[index] = nil
            } else {
                members[index] = .init(key: change.key, value: apply(change.value, to: old.members[index].value))
            }
        }
        return .object(JSONObject(members.compactMap(\.self)))
    }

    /// The patch that makes `to` of `from`; an empty object when they are equal.
    ///
    /// A merge patch cannot say null: members of `to` that are null are left out of the result.
    package static func diff(from: JSON, to: JSON) -> JSON {
        guard case .object(let old) = from, case .object(let new) = to else { return to }
        let before = JSONObject.Positions(old)
        let after = JSONObject.Positions(new)
        var changes = JSONObject()
        for member in old.members where after[member.key] == nil {
            changes.append(member.key, .null)
        }
        for member in new.members {
            guard let index = before[member.key] else {
                changes.append(member.key, member.value)
                continue
            }
            let previous = old.members[index].value
            if previous == member.value { continue }
            changes.append(member.key, diff(from: previous, to: member.value))
        }
        return .object(changes)
    }
}
