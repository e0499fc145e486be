import TidemillModel
import TidemillSeams

@testable import TidemillWire

/// Makes shapes, and configurations that have them, from a seed. Few names and few values, so that they meet.
struct RandomApplies {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func below(_ bound: UInt64) -> Int { Int(random.next() % bound) }
    mutating func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }

    /// An object's shape: an identity that nobody owns, and some parts.
    mutating func objectShape() -> FieldShape {
        .structure([
            "metadata": .structure(["name": .unowned, "managedFields": .unowned, "labels": .map(.leaf)]),
            "spec": structure(depth: 2), "extra": shape(depth: 1),
        ])
    }

    private mutating func structure(depth: Int) -> FieldShape {
        var fields: [String: FieldShape] = [:]
        for name in ["a", "b", "c"] { fields[name] = shape(depth: depth) }
        return .structure(fields)
    }

    private mutating func shape(depth: Int) -> FieldShape {
        switch below(depth > 0 ? 7 : 3) {
        case 0, 1: return .leaf
        case 2: return .set
        case 3: return .map(shape(depth: depth - 1))
        case 4:
            guard case .structure(var fields) = structure(depth: depth - 1) else { return .leaf }
            let keys = chance(30) ? ["k", "l"] : ["k"]
            for key in keys { fields[key] = .leaf }
            return .listMap(keys: keys, .structure(fields))
        default: return structure(depth: depth - 1)
        }
    }

    /// A part of a value as a client may apply it; nil for one that would be empty where the store keeps no empty ones.
    mutating func value(_ shape: FieldShape) -> JSON? {
        switch shape {
        case .unowned: return nil
        case .leaf: return chance(20) ? .array([.integer(Int64(below(2)))]) : .integer(Int64(below(3)))
        case .structure(let fields):
            let members = members(fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, 55)
            return .object(members)
        case .map(let item):
            let members = members(["x", "y", "z"].map { ($0, item) }, 40)
            return members.isEmpty ? nil : .object(members)
        case .listMap(let keys, let item):
            return items { random in
                guard var element = random.value(item) else { return nil }
                for key in keys { element[key] = .integer(Int64(random.below(2))) }
                return element
            }
        case .set:
            return items { random in
                random.chance(50) ? .integer(Int64(random.below(3))) : .string("s\(random.below(2))")
            }
        }
    }

    private mutating func members(_ fields: [(String, FieldShape)], _ percent: UInt64) -> JSONObject {
        var object = JSONObject()
        for (name, shape) in fields.shuffled(using: &random) where chance(percent) {
            if let value = value(shape) { object.append(name, value) }
        }
        return object
    }

    /// Up to three items, no two with one identity.
    private mutating func items(_ make: (inout RandomApplies) -> JSON?) -> JSON? {
        var found: [JSON] = []
        for _ in 0..<below(4) {
            guard let item = make(&self) else { continue }
            let isNew = !found.contains {
                $0 == item || ($0["k"] != nil && $0["k"] == item["k"] && $0["l"] == item["l"])
            }
            if isNew { found.append(item) }
        }
        return found.isEmpty ? nil : .array(found)
    }

    /// Some of the members of `value`, and of those within it: what a careless writer leaves.
    mutating func thinned(_ value: JSON, _ shape: FieldShape) -> JSON {
        switch (shape, value) {
        case (.structure(let fields), .object(let object)):
            return .object(
                JSONObject(
                    object.members.compactMap { member in
                        guard let shape = fields[member.key], shape != .unowned else { return member }
                        if chance(20), !shape.isPartlyUnowned { return nil }
                        return .init(key: member.key, value: thinned(member.value, shape))
                    }))
        case (.map(let item), .object(let object)):
            let kept = object.members.filter { _ in chance(85) }
            return .object(JSONObject(kept.map { .init(key: $0.key, value: thinned($0.value, item)) }))
        case (.listMap, .array(let items)), (.set, .array(let items)):
            return .array(items.filter { _ in chance(85) })
        default: return value
        }
    }
}

extension JSON {
    /// The value at the end of a path, found without the code under test.
    func value(at path: [FieldStep]) -> JSON? {
        path.reduce(Optional(self)) { value, step in
            switch step {
            case .field(let name): value?.object?[name]
            case .key(let members): value?.array?.first { item in members.allSatisfy { item[$0.key] == $0.value } }
            case .value(let wanted): value?.array?.first { $0 == wanted }
            case .index: nil
            }
        }
    }

    /// What a store keeps: no empty list or map below a structure.
    func kept(along shape: FieldShape) -> JSON {
        switch (shape, self) {
        case (.structure(let fields), .object(let object)):
            return .object(
                JSONObject(
                    object.members.compactMap { member in
                        guard let shape = fields[member.key] else { return member }
                        let value = member.value.kept(along: shape)
                        return value.isEmptyContainer && !shape.isStructure && shape != .unowned
                            ? nil : .init(key: member.key, value: value)
                    }))
        case (.map(let item), .object(let object)):
            return .object(JSONObject(object.members.map { .init(key: $0.key, value: $0.value.kept(along: item)) }))
        case (.listMap(_, let item), .array(let items)):
            return .array(items.map { $0.kept(along: item) })
        default: return self
        }
    }
}
