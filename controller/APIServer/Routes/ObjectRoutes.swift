import HTTPTypes
import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// The verbs on one object: get, update, patch, delete, and the creation of one in a collection.
struct ObjectRoutes: Sendable {
    let resources: Resources
    let authorization: Authorization
    let time: any TimeSource

    static let mergePatchType = "application/merge-patch+json"

    func get(_ ref: ObjectRef, _ part: Route.Part?, _ call: Call) async throws(APIError) -> Reply {
        try await authorization.check(call.peer, attributes(.get, ref, part))
        let object = try await resources.get(ref)
        try await checkAtLeast(call.query["resourceVersion"], object)
        return try reply(object, call)
    }

    func create(_ kind: KindInfo, namespace: String?, _ call: Call) async throws(APIError) -> Reply {
        if kind.namespaced, namespace == nil {
            throw .methodNotAllowed("an object of \(kind.plural) is created in a namespace")
        }
        let options = try call.query.writeOptions()
        let body = try await call.tree()
        let attributes = Attributes(verb: .create, kind: kind, namespace: namespace, name: nil, part: nil)
        try await authorization.check(call.peer, attributes, body: body)
        let object = try await resources.create(kind, namespace: namespace ?? "", body, options)
        return try reply(object, call, status: .created)
    }

    func update(_ ref: ObjectRef, _ part: Route.Part?, _ call: Call) async throws(APIError) -> Reply {
        let options = try call.query.writeOptions()
        let body = try await call.tree()
        try await authorization.check(call.peer, attributes(.update, ref, part), body: body)
        let object = try await resources.update(ref, body, subresource(part), options)
        return try reply(object, call)
    }

    func patch(_ ref: ObjectRef, _ part: Route.Part?, _ call: Call) async throws(APIError) -> Reply {
        try call.checkType(accepted: [Self.mergePatchType])
        guard call.header(.contentType) != nil else {
            throw .unsupportedMediaType(
                "a patch needs a Content-Type - accepted media types include: \(Self.mergePatchType)")
        }
        let options = try call.query.writeOptions()
        let patch = try Call.parse(try await call.bytes())
        guard case .object = patch else {
            throw .badRequest("a merge patch must be an object, not \(patch.typeName)")
        }
        try await authorization.check(call.peer, attributes(.patch, ref, part), body: patch)
        let object = try await resources.mergePatch(ref, patch, subresource(part), options)
        return try reply(object, call)
    }

    func delete(_ ref: ObjectRef, _ call: Call) async throws(APIError) -> Reply {
        try await authorization.check(call.peer, attributes(.delete, ref, nil))
        let options = try await DeleteOptions(call)
        switch try await resources.delete(ref, options) {
        case .gone(let object):
            let uid = try object.tree.at(["metadata", "uid"])?.string ?? ""
            return .json(Status.deleted(ref.kind, name: ref.name, uid: uid).json)
        case .terminating(let object):
            return try reply(object, call)
        }
    }

    private func attributes(_ verb: Attributes.Verb, _ ref: ObjectRef, _ part: Route.Part?) -> Attributes {
        Attributes(
            verb: verb, kind: ref.kind, namespace: ref.kind.namespaced ? ref.namespace : nil, name: ref.name, part: part
        )
    }

    private func subresource(_ part: Route.Part?) -> Subresource {
        part == .status ? .status : .main
    }

    /// `resourceVersion` on a get means: at least as new as this.
    private func checkAtLeast(_ text: String?, _ object: StoredObject) async throws(APIError) {
        guard let text, !text.isEmpty, text != "0" else { return }
        guard let wanted = Int64(text), wanted > 0 else {
            throw .badRequest("resourceVersion: Invalid value: \"\(text)\": must be a revision of this server")
        }
        if object.revision.rawValue >= wanted { return }
        let current = await resources.store.currentRevision().rawValue
        if current < wanted { throw .futureRevision(requested: wanted, current: current) }
    }

    private func reply(
        _ object: StoredObject, _ call: Call, status: HTTPResponse.Status = .ok
    ) throws(APIError) -> Reply {
        switch try call.representation() {
        case .json, .discovery:
            return .json(object.encoded, status: status)
        case .partialMetadata:
            return .json(PartialObjectMetadata.of(try object.tree), status: status)
        case .table(let version):
            let table = Table.render(
                kind: object.ref.kind, objects: [try object.tree], now: Timestamp(time.wall()),
                includeObject: try call.query.includeObject(), version: version,
                metadata: ["resourceVersion": .string(String(object.revision.rawValue))])
            return .json(table.json, status: status)
        }
    }
}

extension Query {
    /// How much of its object each row of a Table carries.
    func includeObject() throws(APIError) -> Table.IncludeObject {
        guard let text = self["includeObject"], !text.isEmpty else { return .metadata }
        guard let amount = Table.IncludeObject(rawValue: text) else {
            throw .badRequest(
                "includeObject: Unsupported value: \"\(text)\": supported values: \"None\", \"Metadata\", \"Object\"")
        }
        return amount
    }
}
