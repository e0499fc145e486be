extension FieldShape {
    /// `value` without the fields of `dropped` that are not in `kept`.
    ///
    /// 1. Nothing that is in `kept` goes, nor an item or structure around it, nor the members that tell that item apart.
    /// 2. A structure or an item of `dropped` in which nothing is kept goes with all that is in it, defaults included.
    /// 3. A list or map that loses its last item goes.
    /// 4. What nobody may own stays.
    func pruned(_ value: JSON, dropped: FieldSet, kept: FieldSet) -> JSON {
        switch (self, value) {
        case (.structure(let fields), .object(let object)):
            let members = object.members.compactMap { member -> JSONObject.Member? in
                guard let shape = fields[member.key], shape != .unowned else { return member }
                let part = Part(value: member.value, shape: shape, isItem: false)
                let rest = part.pruned(at: .field(member.key), dropped: dropped, kept: kept)
                return rest.map { .init(key: member.key, value: $0) }
            }
            return .object(JSONObject(members))
        case (.map(let shape), .object(let object)):
            let members = object.members.compactMap { member -> JSONObject.Member? in
                let part = Part(value: member.value, shape: shape, isItem: true)
                let rest = part.pruned(at: .field(member.key), dropped: dropped, kept: kept)
                return rest.map { .init(key: member.key, value: $0) }
            }
            return .object(JSONObject(members))
        case (.listMap(let keys, let shape), .array(let items)):
            return .array(
                items.compactMap { item in
                    guard let step = FieldStep.item(item, keys: keys) else { return item }
                    let part = Part(value: item, shape: shape, isItem: true)
                    return part.pruned(at: step, identity: keys, dropped: dropped, kept: kept)
                })
        case (.set, .array(let items)):
            return .array(
                items.compactMap { item in
                    let part = Part(value: item, shape: .leaf, isItem: true)
                    return part.pruned(at: .value(item), dropped: dropped, kept: kept)
                })
        default:
            return value
        }
    }
}

extension FieldShape.Part {
    /// The part that is left, or nil; `identity` are the members that tell it apart as an item.
    fileprivate func pruned(
        at step: FieldStep, identity: [String] = [], dropped: FieldSet, kept: FieldSet
    ) -> JSON? {
        guard let drop = dropped[step] else { return value }
        let keeper = kept[step]
        // The members of a structure speak for it; items, leaves and what is empty speak for themselves.
        let isDropped = drop.isMember || !isItem && shape.isStructure
        if isDropped, keeper == nil, !shape.isPartlyUnowned { return nil }
        let rest = shape.pruned(
            value, dropped: drop.below.without(fields: identity), kept: keeper?.below ?? FieldSet())
        let isLeftEmpty = rest.isEmptyContainer && !value.isEmptyContainer
        return isLeftEmpty && !isItem && keeper?.isMember != true ? nil : rest
    }
}
