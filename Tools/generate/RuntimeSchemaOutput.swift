/// The schema as Swift values, for admission and tables.
struct RuntimeSchemaOutput {
    let schema: Schema

    func files() -> [(path: String, text: String)] {
        let folder = "Sources/Model/Generated/"
        var files = schema.files.map { file in
            (folder + file.swiftName + "+Schema.swift", values(of: file))
        }
        files.append((folder + "Kinds.swift", index()))
        return files
    }

    private func index() -> String {
        var text = SwiftNames.header + "\nextension Kinds {\n    /// Every kind that the server keeps.\n"
        text += "    package static let all: [KindInfo] = [\n"
        for kind in schema.kinds { text += "        \(SwiftNames.enumCase(kind.kind))Info,\n" }
        text +=
            "    ]\n\n    /// The named types of the schema.\n    package static let types: [String: SchemaType] = [\n"
        for type in schema.types where !schema.flatTypes.contains(type.name) {
            text += "        \(SwiftNames.literal(type.name)): \(variable(type.name)),\n"
        }
        return text + "    ]\n}\n"
    }

    private func variable(_ type: String) -> String { type.prefix(1).lowercased() + type.dropFirst() + "Schema" }

    private func values(of file: SchemaFile) -> String {
        var blocks = file.kinds.map(info)
        blocks += file.types.filter { !schema.flatTypes.contains($0.name) }.map {
            "    static let \(variable($0.name)) = " + value($0) + "\n"
        }
        return SwiftNames.header + "\nextension Kinds {\n" + blocks.joined(separator: "\n") + "}\n"
    }

    private func value(_ type: ObjectType) -> String {
        var text = "SchemaType(\n        name: \(SwiftNames.literal(type.name)),\n"
        text += "        doc: \(SwiftNames.literal(type.doc)),\n"
        if type.immutable { text += "        immutable: true,\n" }
        text += "        fields: [\n"
        for field in type.fields { text += "            \(self.field(field)),\n" }
        return text + "        ])"
    }

    private func field(_ field: Field) -> String {
        var parts = [
            "name: \(SwiftNames.literal(field.name))", "type: \(fieldType(field.type))",
            "doc: \(SwiftNames.literal(field.doc))",
        ]
        if field.required { parts.append("required: true") }
        if field.immutable { parts.append("immutable: true") }
        switch field.defaultValue {
        case .string(let text): parts.append("defaultValue: .string(\(SwiftNames.literal(text)))")
        case .int(let number): parts.append("defaultValue: .int(\(number))")
        case .bool(let flag): parts.append("defaultValue: .bool(\(flag))")
        case .emptyObject: parts.append("defaultValue: .emptyObject")
        case nil: break
        }
        if let minimum = field.minimum { parts.append("minimum: \(minimum)") }
        if let maximum = field.maximum { parts.append("maximum: \(maximum)") }
        if let maxLength = field.maxLength { parts.append("maxLength: \(maxLength)") }
        if let minItems = field.minItems { parts.append("minItems: \(minItems)") }
        if let maxItems = field.maxItems { parts.append("maxItems: \(maxItems)") }
        if let format = field.format { parts.append("format: .\(format)") }
        if let listKey = field.listKey { parts.append("listKey: \(SwiftNames.literal(listKey))") }
        return "SchemaField(\n                " + parts.joined(separator: ",\n                ") + ")"
    }

    private func fieldType(_ type: Field.FieldType) -> String {
        switch type {
        case .string: ".string"
        case .bool: ".bool"
        case .int: ".int"
        case .quantity: ".quantity"
        case .duration: ".duration"
        case .time: ".time"
        case .microTime: ".microTime"
        case .enumeration(_, let values): ".enumeration(\(SwiftNames.literals(values)))"
        case .list(let item): ".list(\(fieldType(item)))"
        case .map(let value): ".map(\(fieldType(value)))"
        case .object(let name): ".object(\(SwiftNames.literal(name)))"
        }
    }

    private func info(_ kind: Kind) -> String {
        var text = "    package static let \(SwiftNames.enumCase(kind.kind))Info = KindInfo(\n"
        text += "        kind: \(SwiftNames.literal(kind.kind)),\n        group: \(SwiftNames.literal(kind.group)),\n"
        text +=
            "        version: \(SwiftNames.literal(kind.version)),\n        plural: \(SwiftNames.literal(kind.plural)),\n"
        text += "        singular: \(SwiftNames.literal(kind.singular)),\n"
        text +=
            "        shortNames: \(SwiftNames.literals(kind.shortNames)),\n        namespaced: \(kind.namespaced),\n"
        text +=
            "        categories: \(SwiftNames.literals(kind.categories)),\n        doc: \(SwiftNames.literal(kind.doc)),\n"
        text += "        columns: [\n"
        for column in kind.columns { text += "            \(self.column(column)),\n" }
        text += "        ],\n        hasStatus: \(kind.status != nil),\n"
        text += "        selectableFields: \(SwiftNames.literals(kind.selectableFields)),\n"
        if kind.isReview { text += "        isReview: true,\n" }
        if let scale = kind.scale { text += "        scale: \(self.scale(scale)),\n" }
        return text
            + "        schema: \(value(root(kind)).split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n    ")))\n"
    }

    private func scale(_ scale: Scale) -> String {
        let most = scale.most.map { "most: \(path($0)), " } ?? ""
        return "Scale(\n            replicas: \(path(scale.replicas)), \(most)current: \(path(scale.current)),\n"
            + "            label: \(SwiftNames.literal(scale.label)))"
    }

    private func path(_ text: String) -> String {
        SwiftNames.literals(text.split(separator: ".").map(String.init))
    }

    private func column(_ column: TableColumn) -> String {
        let path = path(column.path)
        var text = "Column(\n                name: \(SwiftNames.literal(column.name)), path: \(path),\n"
        text += "                type: \(SwiftNames.literal(column.type)), doc: \(SwiftNames.literal(column.doc))"
        if column.wide { text += ", wide: true" }
        if let computed = column.computed { text += ", computed: .\(computed)" }
        return text + ")"
    }

    private func root(_ kind: Kind) -> ObjectType {
        var fields = kind.flat.flatMap(schema.type)?.fields ?? []
        for (name, type) in [("spec", kind.spec), ("status", kind.status)] {
            guard let typeName = type, let type = schema.type(typeName) else { continue }
            let allDefault = schema.isAllDefault(typeName)
            fields.append(
                Field(
                    name: name, type: .object(typeName), doc: type.doc, required: !allDefault,
                    immutable: type.immutable,
                    defaultValue: allDefault ? .emptyObject : nil))
        }
        return ObjectType(name: kind.kind, doc: kind.doc, immutable: false, fields: fields)
    }
}
