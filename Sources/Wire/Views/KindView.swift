import TidemillModel

/// A second shape of a kind: objects that are stored as one kind and served as another, whose fields have other names.
package struct KindView: Sendable {
    /// As clients see it.
    package let info: KindInfo
    /// As it lies in the store.
    package let stored: KindInfo
    /// Names of fields at the top: as they are seen, and as they are stored.
    private let names: [(seen: String, stored: String)]

    private init(of stored: KindInfo, group: String, typeName: String, names: [(seen: String, stored: String)]) {
        self.stored = stored
        self.names = names
        func seen(_ name: String) -> String { names.first { $0.stored == name }?.seen ?? name }
        func seen(path: String) -> String {
            var steps = path.split(separator: ".").map(String.init)
            if let first = steps.first { steps[0] = seen(first) }
            return steps.joined(separator: ".")
        }
        info = KindInfo(
            kind: stored.kind, group: group, version: "v1", plural: stored.plural, singular: stored.singular,
            shortNames: stored.shortNames, namespaced: stored.namespaced, categories: stored.categories,
            doc: stored.doc,
            columns: stored.columns.map { column in
                var column = column
                column.path = column.path.enumerated().map { $0 == 0 ? seen($1) : $1 }
                return column
            },
            hasStatus: stored.hasStatus, selectableFields: stored.selectableFields.map(seen(path:)),
            schema: SchemaType(
                name: typeName, doc: stored.schema.doc, fields: stored.schema.fields.map { $0.renamed(seen($0.name)) })
        )
    }

    package static let all = [
        KindView(
            of: Kinds.eventInfo, group: "events.k8s.io", typeName: "EventInEvents",
            names: [
                ("regarding", "involvedObject"), ("note", "message"), ("reportingController", "reportingComponent"),
                ("deprecatedSource", "source"), ("deprecatedCount", "count"),
                ("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"),
            ])
    ]

    /// The view that a kind is; nil for one that is stored as it is seen.
    package static func of(_ kind: KindInfo) -> KindView? { all.first { $0.info == kind } }

    /// An object, or a merge patch of one, as clients see it.
    package func seen(_ object: JSON) -> JSON {
        complete(
            renamed(object, from: stored, to: info) { name in names.first { $0.stored == name }?.seen ?? name })
    }

    /// With what the shape requires and the other may lack: some clients read no event without an `eventTime`.
    private func complete(_ object: JSON) -> JSON {
        guard object["eventTime"] == nil, let time = derivedTime(object) else { return object }
        var object = object
        object["eventTime"] = time
        return object
    }

    /// The time of an event as clients see it that says none.
    private func derivedTime(_ object: JSON) -> JSON? {
        guard stored == Kinds.eventInfo, object["regarding"] != nil else { return nil }
        let time = object["deprecatedFirstTimestamp"]?.string ?? object.at(["metadata", "creationTimestamp"])?.string
        return time.flatMap(MicroTime.init(parsing:)).map { .string($0.text) }
    }

    /// What a client sends, as it is stored. What names another kind is left to be refused. Throws `.badRequest` for a name
    /// that only the store's own shape has.
    package func stored(_ object: JSON) throws(APIError) -> JSON {
        if object["apiVersion"] == .string(stored.apiVersion) {
            throw .badRequest(
                "apiVersion in the data (\(stored.apiVersion)) does not match the expected apiVersion (\(info.apiVersion))"
            )
        }
        for member in object.object?.members ?? [] where names.contains(where: { $0.stored == member.key }) {
            throw .badRequest(
                "\(info.kind) in version \"\(info.version)\" cannot be handled as a \(info.kind): strict decoding error: "
                    + FieldError.unknown(member.key).message)
        }
        var object = object
        // What a client sends back as it read it changes nothing.
        if let time = object["eventTime"], time == derivedTime(object) { object["eventTime"] = nil }
        return renamed(object, from: info, to: stored) { name in names.first { $0.seen == name }?.stored ?? name }
    }

    package func stored(_ selector: FieldSelector) -> FieldSelector {
        FieldSelector(
            selector.terms.map { term in
                var term = term
                let steps = term.field.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
                if let name = names.first(where: { $0.seen == steps.first.map(String.init) })?.stored {
                    term.field = ([name] + steps.dropFirst().map(String.init)).joined(separator: ".")
                }
                return term
            })
    }

    private func renamed(_ object: JSON, from: KindInfo, to: KindInfo, _ name: (String) -> String) -> JSON {
        guard case .object(let members) = object else { return object }
        return .object(
            JSONObject(
                members.members.map { member in
                    if member.key == "apiVersion", member.value == .string(from.apiVersion) {
                        return .init(key: member.key, value: .string(to.apiVersion))
                    }
                    return .init(key: name(member.key), value: member.value)
                }))
    }
}

extension SchemaField {
    fileprivate func renamed(_ name: String) -> SchemaField {
        SchemaField(
            name: name, type: type, doc: doc, required: required, immutable: immutable, defaultValue: defaultValue,
            minimum: minimum, maximum: maximum, maxLength: maxLength, minItems: minItems, maxItems: maxItems,
            format: format, listKey: listKey)
    }
}
