/// The Swift values: structs, enumerations and kinds.
struct ModelOutput {
    let schema: Schema

    func files() -> [(path: String, text: String)] {
        let folder = "Sources/Model/Generated/"
        var files = schema.files.map { file in
            (folder + file.swiftName + ".swift", values(of: file))
        }
        files.append((folder + "Enumerations.swift", enumerations()))
        return files
    }

    private func values(of file: SchemaFile) -> String {
        var blocks = file.kinds.map(kind)
        blocks += file.types.filter { !schema.flatTypes.contains($0.name) }.map(type)
        return SwiftNames.header + "\nextension Kinds {\n" + blocks.joined(separator: "\n") + "}\n"
    }

    private func enumerations() -> String {
        let blocks = schema.enumerations.map { name, values, doc in
            var text = SwiftNames.comment(doc, indent: "    ")
            text += "    package enum \(name): String, Hashable, Sendable, CaseIterable {\n"
            for value in values {
                let name = SwiftNames.enumCase(value)
                text +=
                    name == value ? "        case \(name)\n" : "        case \(name) = \(SwiftNames.literal(value))\n"
            }
            return text + "    }\n"
        }
        return SwiftNames.header + "\nextension Kinds {\n" + blocks.joined(separator: "\n") + "}\n"
    }

    private func type(_ type: ObjectType) -> String {
        SwiftNames.comment(type.doc, indent: "    ")
            + structure(type.name, conformances: "Hashable, Sendable", members: type.fields.map(Member.init), extra: "")
    }

    private func kind(_ kind: Kind) -> String {
        var members = [
            Member(
                name: "metadata", type: "ObjectMeta", defaultExpression: "ObjectMeta()",
                doc: "Names, identity, revision and relations.")
        ]
        if let spec = kind.spec { members.append(part("spec", spec, "What is declared.")) }
        if let status = kind.status { members.append(part("status", status, "What is observed.")) }
        members += kind.flat.flatMap(schema.type)?.fields.map(Member.init) ?? []
        return SwiftNames.comment(kind.doc, indent: "    ")
            + structure(
                kind.kind, conformances: "KindObject, Hashable", members: members,
                extra: "        package static var info: KindInfo { Kinds.\(SwiftNames.enumCase(kind.kind))Info }\n\n")
    }

    private func part(_ name: String, _ type: String, _ doc: String) -> Member {
        Member(
            name: name, type: "Kinds.\(type)", defaultExpression: schema.isAllDefault(type) ? "Kinds.\(type)()" : nil,
            doc: doc)
    }

    private struct Member {
        var name: String
        var type: String
        var defaultExpression: String?
        var doc: String

        init(name: String, type: String, defaultExpression: String?, doc: String) {
            self.name = name
            self.type = type
            self.defaultExpression = defaultExpression
            self.doc = doc
        }

        init(_ field: Field) {
            self.init(
                name: SwiftNames.escaped(field.name), type: SwiftNames.type(field),
                defaultExpression: SwiftNames.defaultExpression(field), doc: field.doc)
        }
    }

    private func structure(_ name: String, conformances: String, members: [Member], extra: String) -> String {
        var text = "    package struct \(name): \(conformances) {\n" + extra
        for member in members {
            text += SwiftNames.comment(member.doc, indent: "        ")
            text += "        package var \(member.name): \(member.type)\n"
        }
        text += "\n        package init(\n"
        text += members.map { member in
            "            \(member.name): \(member.type)" + (member.defaultExpression.map { " = \($0)" } ?? "")
        }.joined(separator: ",\n")
        text += "\n        ) {\n"
        for member in members { text += "            self.\(member.name) = \(member.name)\n" }
        return text + "        }\n    }\n"
    }
}
