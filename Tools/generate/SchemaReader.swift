import Foundation
import Yams

/// Reads the YAML files and refuses what it does not know, so that a misspelt key never goes unnoticed.
struct SchemaReader {
    private static let scalars: [String: Field.FieldType] = [
        "string": .string, "bool": .bool, "int": .int, "quantity": .quantity, "duration": .duration, "time": .time,
        "microTime": .microTime,
    ]
    private static let formats: Set<String> = [
        "name", "labelKey", "labelValue", "cpu", "bytes", "bytesOrPercentage", "fraction", "envName", "absolutePath",
    ]

    func read(folder: URL) throws -> Schema {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        var schema = Schema(files: [])
        for name in names.sorted() {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            guard let root = try Yams.compose(yaml: text)?.mapping else {
                throw SchemaError(description: "\(name): empty")
            }
            schema.files.append(try file(String(name.dropLast(5)), YAMLObject(root, at: name)))
        }
        try check(schema)
        return schema
    }

    private func file(_ name: String, _ yaml: YAMLObject) throws -> SchemaFile {
        var yaml = yaml
        let types = try yaml.objects("types").map { try type($0, $1) }
        let kinds: [Kind]
        if yaml.has("kinds") {
            kinds = try yaml.list("kinds").map(kind)
            try yaml.finish()
        } else if yaml.has("kind") {
            kinds = [try kind(yaml)]
        } else {
            kinds = []
            try yaml.finish()
        }
        return SchemaFile(name: name, kinds: kinds, types: types)
    }

    private func kind(_ yaml: YAMLObject) throws -> Kind {
        var yaml = yaml
        yaml.skip("types")
        let scope = try yaml.string("scope")
        guard scope == "Cluster" || scope == "Namespaced" else { throw yaml.error("scope is Cluster or Namespaced") }
        let kind = Kind(
            kind: try yaml.string("kind"),
            group: try yaml.optionalString("group") ?? "tidemill.dev",
            version: try yaml.optionalString("version") ?? "v1alpha1",
            plural: try yaml.string("plural"),
            singular: try yaml.string("singular"),
            shortNames: try yaml.strings("shortNames"),
            namespaced: scope == "Namespaced",
            categories: try yaml.strings("categories"),
            doc: try yaml.string("doc"),
            spec: try yaml.optionalString("spec"),
            status: try yaml.optionalString("status"),
            flat: try yaml.optionalString("flat"),
            selectableFields: try yaml.strings("selectableFields"),
            scale: try yaml.object("scale").map(scale),
            isReview: try yaml.bool("review"),
            columns: try yaml.list("columns").map(column))
        try yaml.finish()
        return kind
    }

    private func scale(_ yaml: YAMLObject) throws -> Scale {
        var yaml = yaml
        let scale = Scale(
            replicas: try yaml.string("replicas"), most: try yaml.optionalString("most"),
            current: try yaml.string("current"), label: try yaml.string("label"))
        try yaml.finish()
        return scale
    }

    private func column(_ yaml: YAMLObject) throws -> TableColumn {
        var yaml = yaml
        let column = TableColumn(
            name: try yaml.string("name"), path: try yaml.string("path"), type: try yaml.string("type"),
            doc: try yaml.string("doc"), wide: try yaml.bool("wide"), computed: try yaml.optionalString("computed"))
        try yaml.finish()
        return column
    }

    private func type(_ name: String, _ yaml: YAMLObject) throws -> ObjectType {
        var yaml = yaml
        let type = ObjectType(
            name: name, doc: try yaml.string("doc"), immutable: try yaml.bool("immutable"),
            fields: try yaml.list("fields").map(field))
        try yaml.finish()
        return type
    }

    private func field(_ yaml: YAMLObject) throws -> Field {
        var yaml = yaml
        let name = try yaml.string("name")
        let type = try fieldType(name, &yaml)
        let field = Field(
            name: name, type: type, doc: try yaml.string("doc"), required: try yaml.bool("required"),
            immutable: try yaml.bool("immutable"), defaultValue: try defaultValue(type, &yaml),
            minimum: try yaml.int("minimum"), maximum: try yaml.int("maximum"), maxLength: try yaml.int("maxLength"),
            minItems: try yaml.int("minItems"), maxItems: try yaml.int("maxItems"),
            format: try yaml.optionalString("format"), listKey: try yaml.optionalString("listKey"))
        if let format = field.format, !Self.formats.contains(format) { throw yaml.error("unknown format \(format)") }
        try yaml.finish()
        return field
    }

    private func fieldType(_ name: String, _ yaml: inout YAMLObject) throws -> Field.FieldType {
        let type = try yaml.string("type")
        switch type {
        case "list": return .list(named(try yaml.string("values")))
        case "map": return .map(named(try yaml.string("values")))
        case "enum":
            let swiftName = try yaml.optionalString("swiftName") ?? name.prefix(1).uppercased() + name.dropFirst()
            return .enumeration(name: swiftName, values: try yaml.strings("values"))
        default: return named(type)
        }
    }

    private func named(_ name: String) -> Field.FieldType { Self.scalars[name] ?? .object(name) }

    private func defaultValue(_ type: Field.FieldType, _ yaml: inout YAMLObject) throws -> Field.Default? {
        guard yaml.has("default") else { return nil }
        switch type {
        case .bool: return .bool(try yaml.bool("default"))
        case .int: return try yaml.int("default").map { .int($0) }
        case .string: return .string(try yaml.string("default"))
        case .enumeration(_, let values):
            let value = try yaml.string("default")
            guard values.contains(value) else { throw yaml.error("default \(value) is none of its values") }
            return .string(value)
        case .object:
            yaml.skip("default")
            return .emptyObject
        default: throw yaml.error("no default for this type")
        }
    }

    private func check(_ schema: Schema) throws {
        var enumerations: [String: [String]] = [:]
        for type in schema.types {
            for field in type.fields {
                var value = field.type
                if case .list(let item) = value { value = item }
                if case .map(let item) = value { value = item }
                if case .object(let name) = value, schema.type(name) == nil {
                    throw SchemaError(description: "\(type.name).\(field.name): no type \(name)")
                }
                if case .enumeration(let name, let values) = value,
                    enumerations.updateValue(values, forKey: name) ?? values != values
                {
                    throw SchemaError(description: "\(type.name).\(field.name): \(name) has other values elsewhere")
                }
            }
        }
        for kind in schema.kinds {
            for name in [kind.spec, kind.status, kind.flat].compactMap({ $0 }) where schema.type(name) == nil {
                throw SchemaError(description: "\(kind.kind): no type \(name)")
            }
        }
    }
}
