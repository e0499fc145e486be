extension FieldShape {
    /// `live` with what `applied` says of it. Members that stay keep their places; of the items that both have, those of
    /// `applied` stand in its order. An empty list where there is none changes nothing, since the store keeps none.
    func merged(_ live: JSON?, with applied: JSON) -> JSON {
        switch (self, applied) {
        case (.structure(let fields), .object(let changes)):
            Self.merged(live, changes) { key, value, isNew in isNew && value == [] ? nil : fields[key] }
        case (.map(let shape), .object(let changes)):
            Self.merged(live, changes) { _, _, _ in shape }
        case (.listMap(let keys, let shape), .array(let items)):
            Self.merged(live, items, shape) { .item($0, keys: keys) }
        case (.set, .array(let items)):
            Self.merged(live, items, .leaf) { .value($0) }
        default:
            applied
        }
    }

    /// `shape` gives the shape of a member, by its key, its value and whether it is new; nil when it is passed over.
    private static func merged(
        _ live: JSON?, _ changes: JSONObject, shape: (String, JSON, Bool) -> FieldShape?
    ) -> JSON {
        let old = live?.object ?? JSONObject()
        let positions = JSONObject.Positions(old)
        var members = old.members
        for change in changes.members {
            let index = positions[change.key]
            guard let shape = shape(change.key, change.value, index == nil), shape != .unowned else { continue }
            let value = shape.merged(index.map { old.members[$0].value }, with: change.value)
            if let index {
                members[index].value = value
            } else {
                members.append(.init(key: change.key, value: value))
            }
        }
        return .object(JSONObject(members))
    }

    private static func merged(
        _ live: JSON?, _ applied: [JSON], _ shape: FieldShape, step: (JSON) -> FieldStep?
    ) -> JSON {
        let old = live?.array ?? []
        let mine = Dictionary(old.compactMap { item in step(item).map { ($0, item) } }) { first, _ in first }
        let named = Set(applied.compactMap(step))
        var rest = applied[...]
        var result: [JSON] = []
        for item in old {
            guard let place = step(item), named.contains(place) else {
                result.append(item)
                continue
            }
            // The place of a shared item: here comes the next of them, after the new ones that stand before it.
            while let next = rest.popFirst() {
                let former = step(next).flatMap { mine[$0] }
                result.append(shape.merged(former, with: next))
                if former != nil { break }
            }
        }
        return .array(result + rest.map { shape.merged(nil, with: $0) })
    }
}
