import TidemillModel
import TidemillSeams
import TidemillWire

/// Makes objects that the schema allows, from a seed.
struct RandomTree {
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func object(of kind: KindInfo) -> JSON {
        var object = JSONObject()
        var metadata: JSON = ["name": "x"]
        if kind.namespaced { metadata["namespace"] = "default" }
        if chance() { metadata["labels"] = ["a": "1", "b/c": ""] }
        if chance() { metadata["finalizers"] = ["a/b"] }
        object.append("metadata", metadata)
        fill(&object, kind.schema)
        return .object(object)
    }

    private mutating func chance() -> Bool { random.next() & 1 == 0 }
    private mutating func pick<T>(_ choices: [T]) -> T { choices[Int(random.next() % UInt64(choices.count))] }

    private mutating func fill(_ object: inout JSONObject, _ type: SchemaType) {
        for field in type.fields.shuffled(using: &random) where field.required || chance() {
            object.append(field.name, value(field.type, field, 0))
        }
    }

    private mutating func value(_ type: FieldType, _ field: SchemaField, _ index: Int) -> JSON {
        switch type {
        case .string: string(field.format)
        case .bool: .bool(chance())
        case .int: .integer((field.minimum ?? -5) + Int64(random.next() % 9))
        case .quantity: quantity(field.format)
        case .duration: .string(pick(["1.5s", "60s", "24h"]))
        case .time: "2026-11-21T03:35:29Z"
        case .microTime: "2026-11-21T03:35:29.000123Z"
        case .enumeration(let values): .string(pick(values))
        case .list(let item): list(item, field)
        case .map(let value):
            .object(JSONObject(["a", "b"].map { .init(key: $0, value: self.value(value, field, 0)) }))
        case .object(let name): object(named: name)
        }
    }

    private mutating func object(named name: String) -> JSON {
        guard let type = Kinds.types[name] else { return .null }
        var object = JSONObject()
        fill(&object, type)
        return .object(object)
    }

    private mutating func list(_ item: FieldType, _ field: SchemaField) -> JSON {
        let count = max(field.minItems ?? 0, Int(random.next() % 4))
        return .array(
            (0..<count).map { index in
                var element = value(item, field, index)
                if let key = field.listKey { element[key] = .string("k\(index)") }
                return element
            })
    }

    private mutating func string(_ format: FieldFormat?) -> JSON {
        switch format {
        case .absolutePath: "/tmp"
        case .envName: .string(pick(["A", "_b"]))
        default: .string(pick(["a", "b-1", "x.y"]))
        }
    }

    private mutating func quantity(_ format: FieldFormat?) -> JSON {
        switch format {
        case .fraction: .string(pick(["50%", "0.5", "1"]))
        case .cpu: pick(["250m", 4, .number("0.5")])
        default: pick(["16Gi", 1024])
        }
    }
}

extension KindCodec {
    /// The tree after it was read into the kind's Swift value and written again.
    func roundTrip(_ tree: JSON) throws(DecodeFailure) -> JSON {
        try decode(tree).json
    }
}
