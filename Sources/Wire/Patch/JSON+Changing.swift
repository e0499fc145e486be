/// What is done at a place of a document.
enum JSONChange {
    /// Sets a member, or moves the items of an array aside.
    case add(JSON)
    case replace(JSON)
    case remove
}

extension JSON {
    /// What is at `place`.
    func value(at place: JSONPatchBench.Place, _ budget: inout JSONPatchBench.StepBudget) throws(JSONPatchBench.Fault)
        -> JSON
    {
        var value = self
        for token in place.pointer.tokens {
            switch value {
            case .object(let object):
                value = object.members[try place.member(token, in: object.members, &budget)].value
            case .array(let items): value = items[try place.item(token, in: items.count)]
            default: throw place.noContainer(value, token)
            }
        }
        return value
    }

    /// Changes what is at `place`, whose first `level` tokens lead to this value. After a fault the value is torn.
    mutating func change(
        _ change: JSONChange, at place: JSONPatchBench.Place, level: Int = 0, _ budget: inout JSONPatchBench.StepBudget
    ) throws(JSONPatchBench.Fault) {
        let tokens = place.pointer.tokens
        guard level < tokens.count else {
            switch change {
            case .add(let value), .replace(let value): self = value
            case .remove: throw place.unmet("the whole document cannot be removed")
            }
            return
        }
        if var members = takeMembers() {
            defer { self = .object(JSONObject(members)) }
            try Self.change(&members, change, at: place, level: level, &budget)
        } else if var items = takeItems() {
            defer { self = .array(items) }
            try Self.change(&items, change, at: place, level: level, &budget)
        } else {
            throw place.noContainer(self, tokens[level])
        }
    }

    private static func change(
        _ members: inout [JSONObject.Member], _ change: JSONChange, at place: JSONPatchBench.Place, level: Int,
        _ budget: inout JSONPatchBench.StepBudget
    ) throws(JSONPatchBench.Fault) {
        let token = place.pointer.tokens[level]
        let isLast = level == place.pointer.tokens.count - 1
        if isLast, case .add(let value) = change {
            try budget.spend(members.count)
            if let index = members.firstIndex(where: { $0.key == token }) {
                members[index].value = value
            } else {
                members.append(.init(key: token, value: value))
            }
            return
        }
        let index = try place.member(token, in: members, &budget)
        if isLast, case .remove = change {
            members.remove(at: index)
        } else {
            try members[index].value.change(change, at: place, level: level + 1, &budget)
        }
    }

    private static func change(
        _ items: inout [JSON], _ change: JSONChange, at place: JSONPatchBench.Place, level: Int,
        _ budget: inout JSONPatchBench.StepBudget
    ) throws(JSONPatchBench.Fault) {
        let token = place.pointer.tokens[level]
        let isLast = level == place.pointer.tokens.count - 1
        if isLast, case .add(let value) = change {
            let index = try place.position(token, in: items.count)
            try budget.spend(items.count - index)
            items.insert(value, at: index)
            return
        }
        let index = try place.item(token, in: items.count)
        if isLast, case .remove = change {
            try budget.spend(items.count - index)
            items.remove(at: index)
        } else {
            try items[index].change(change, at: place, level: level + 1, &budget)
        }
    }

    /// The members of an object, taken out of it, so that they are changed in place and not copied.
    private mutating func takeMembers() -> [JSONObject.Member]? {
        guard case .object(let object) = self else { return nil }
        self = .null
        return object.members
    }

    private mutating func takeItems() -> [JSON]? {
        guard case .array(let items) = self else { return nil }
        self = .null
        return items
    }

    /// Levels of arrays and objects; at most as many as the document has that it comes from.
    func levels(_ budget: inout JSONPatchBench.StepBudget) throws(JSONPatchBench.Fault) -> Int {
        var deepest = 0
        switch self {
        case .array(let items):
            try budget.spend(items.count)
            for item in items { deepest = max(deepest, try item.levels(&budget)) }
        case .object(let object):
            try budget.spend(object.count)
            for member in object.members { deepest = max(deepest, try member.value.levels(&budget)) }
        default: return 0
        }
        return deepest + 1
    }
}

extension JSONPatchBench.Place {
    fileprivate func noContainer(_ value: JSON, _ token: String) -> JSONPatchBench.Fault {
        unmet("\(value.typeName) has no member \(JSON.string(token).shown)")
    }
}
