import Yams

/// The schema as read from `Sources/Model/Schema`, in the order of its files.
struct Schema {
    var files: [SchemaFile]

    var kinds: [Kind] { files.flatMap(\.kinds) }
    var types: [ObjectType] { files.flatMap(\.types) }

    func type(_ name: String) -> ObjectType? { types.first { $0.name == name } }

    /// True when a value of the type can be made of defaults alone.
    func isAllDefault(_ name: String) -> Bool {
        type(name)?.fields.allSatisfy { !$0.required } ?? false
    }

    /// Types whose fields stand beside a kind's metadata; they are no types of their own in Swift.
    var flatTypes: Set<String> { Set(kinds.compactMap(\.flat)) }

    /// Enumerations by Swift name, each once, sorted.
    var enumerations: [(name: String, values: [String], doc: String)] {
        var found: [String: ([String], String)] = [:]
        for field in types.flatMap(\.fields) {
            guard case .enumeration(let name, let values) = field.type, found[name] == nil else { continue }
            found[name] = (values, field.doc)
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value.0, $0.value.1) }
    }
}

struct SchemaFile {
    /// Name of the YAML file without its extension, such as `job`.
    var name: String
    var kinds: [Kind]
    var types: [ObjectType]

    /// Name of the Swift files made of it, such as `Job`: that of its only kind, else the file's own.
    var swiftName: String {
        kinds.count == 1 ? kinds[0].kind : name.prefix(1).uppercased() + name.dropFirst()
    }
}

struct Kind {
    var kind: String
    var group: String
    var version: String
    var plural: String
    var singular: String
    var shortNames: [String]
    var namespaced: Bool
    var categories: [String]
    var doc: String
    var spec: String?
    var status: String?
    var flat: String?
    var selectableFields: [String]
    var scale: Scale?
    /// Answered when it is created, and not kept.
    var isReview: Bool
    var columns: [TableColumn]

    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
}

/// Where a kind says how many it has of what it is made of.
struct Scale {
    var replicas: String
    var most: String?
    var current: String
    var label: String
}

struct TableColumn {
    var name: String
    var path: String
    var type: String
    var doc: String
    var wide: Bool
    var computed: String?
}

struct ObjectType {
    var name: String
    var doc: String
    var immutable: Bool
    var fields: [Field]
}

struct Field {
    indirect enum FieldType: Equatable, Sendable {
        case string, bool, int, quantity, duration, time, microTime
        case enumeration(name: String, values: [String])
        case list(FieldType)
        case map(FieldType)
        case object(String)
    }

    enum Default: Equatable, Sendable {
        case string(String), int(Int), bool(Bool), emptyObject
    }

    var name: String
    var type: FieldType
    var doc: String
    var required: Bool
    var immutable: Bool
    var defaultValue: Default?
    var minimum: Int?
    var maximum: Int?
    var maxLength: Int?
    var minItems: Int?
    var maxItems: Int?
    var format: String?
    var listKey: String?

    var isCollection: Bool {
        switch type {
        case .list, .map: true
        default: false
        }
    }

    /// Swift's value is there even when JSON leaves it out.
    var isOptional: Bool { !required && defaultValue == nil && !isCollection }
}

/// A mistake in the schema, with the place of it.
struct SchemaError: Error, CustomStringConvertible {
    var description: String
}
