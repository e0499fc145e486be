/// The codec between the Swift values and JSON.
struct CodecOutput {
    let schema: Schema

    func files() -> [(path: String, text: String)] {
        let folder = "Sources/Wire/Generated/"
        var files = schema.files.map { file in
            (folder + file.swiftName + "+JSON.swift", codec(of: file))
        }
        files.append((folder + "Enumerations+JSON.swift", enumerations()))
        files.append((folder + "KindCodecs.swift", table()))
        return files
    }

    private var header: String { SwiftNames.header + "\nimport TidemillModel\n\n" }

    private func enumerations() -> String {
        header + schema.enumerations.map { "extension Kinds.\($0.name): WireValue {}\n" }.joined()
    }

    private func table() -> String {
        var text =
            header
            + "/// The codecs of all kinds.\npackage enum KindCodecs {\n    package static let all: [KindCodec] = [\n"
        for kind in schema.kinds { text += "        KindCodec(Kinds.\(kind.kind).self),\n" }
        return text + "    ]\n}\n"
    }

    private func codec(of file: SchemaFile) -> String {
        var blocks = file.kinds.map(kind)
        blocks += file.types.filter { !schema.flatTypes.contains($0.name) }.map(type)
        return header + blocks.joined(separator: "\n")
    }

    private func type(_ type: ObjectType) -> String {
        var text = "extension Kinds.\(type.name): WireValue {\n"
        text += initializer(type.fields.map { ($0.name, read($0)) })
        text += "\n    package var json: JSON {\n        var writer = ObjectWriter()\n"
        for field in type.fields { text += "        \(write(field))\n" }
        return text + "        return writer.json\n    }\n}\n"
    }

    private func kind(_ kind: Kind) -> String {
        var reads = [("metadata", "try reader.value(\"metadata\", default: ObjectMeta())")]
        var writes: [String] = []
        for (name, type) in [("spec", kind.spec), ("status", kind.status)] {
            guard let type else { continue }
            let allDefault = schema.isAllDefault(type)
            reads.append(
                (
                    name,
                    allDefault
                        ? "try reader.value(\"\(name)\", default: Kinds.\(type)())" : "try reader.required(\"\(name)\")"
                ))
            writes.append("writer.\(allDefault ? "putUnlessEmpty" : "put")(\"\(name)\", \(name))")
        }
        for field in kind.flat.flatMap(schema.type)?.fields ?? [] {
            reads.append((field.name, read(field)))
            writes.append(write(field))
        }
        var text = "extension Kinds.\(kind.kind): WireObject {\n" + initializer(reads)
        text += "\n    package var json: JSON {\n        var writer = ObjectWriter(Self.info, metadata)\n"
        for write in writes { text += "        \(write)\n" }
        return text + "        return writer.json\n    }\n}\n"
    }

    private func initializer(_ reads: [(name: String, expression: String)]) -> String {
        var text = "    package init(json: JSON) throws(DecodeFailure) {\n"
        text += "        let reader = try ObjectReader(json)\n        self.init(\n"
        text += reads.map { "            \($0.name): \($0.expression)" }.joined(separator: ",\n")
        return text + ")\n    }\n"
    }

    private func read(_ field: Field) -> String {
        let key = SwiftNames.literal(field.name)
        switch field.type {
        case .list: return "try reader.list(\(key))"
        case .map: return "try reader.map(\(key))"
        default:
            if field.required { return "try reader.required(\(key))" }
            guard field.defaultValue != nil, let fallback = SwiftNames.defaultExpression(field) else {
                return "try reader.optional(\(key))"
            }
            return "try reader.value(\(key), default: \(fallback))"
        }
    }

    private func write(_ field: Field) -> String {
        let emptyIsAbsent = field.defaultValue == .emptyObject
        return
            "writer.\(emptyIsAbsent ? "putUnlessEmpty" : "put")(\(SwiftNames.literal(field.name)), \(SwiftNames.escaped(field.name)))"
    }
}
