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
        let attributes = Attributes(verb: .create, kind: kind, namespace: namespace, name: nil, part: nil)
        try authorization.checkKnown(call.peer, attributes)
        let options = try call.writeOptions()
        let body = try await call.object()
        try await authorization.check(call.peer, attributes, body: body)
        let object = try await resources.create(kind, namespace: namespace ?? "", body, options)
        return try reply(object, call, status: .created)
    }

    func update(_ ref: ObjectRef, _ part: Route.Part?, _ call: Call) async throws(APIError) -> Reply {
        try authorization.checkKnown(call.peer, attributes(.update, ref, part))
        let options = try call.writeOptions()
        let body = try await call.object()
        try await authorization.check(call.peer, attributes(.update, ref, part), body: body)
        let object = try await resources.update(ref, body, subresource(part), options)
        return try reply(object, call)
    }

    func patch(_ ref: ObjectRef, _ part: Route.Part?, _ call: Call) async throws(APIError) -> Reply {
        try authorization.checkKnown(call.peer, attributes(.patch, ref, part))
        let type = try PatchType(of: call)
        if call.view != nil, type != .merge {
            throw .unsupportedMediaType(
                "\(ref.kind.plural) are patched so in \(ref.kind.apiVersion), where they are stored - accepted media types "
                    + "include: \(PatchType.merge.rawValue)")
        }
        // The rules for agents read a merge patch; they send nothing else.
        if !call.peer.isMaster, type != .merge {
            throw attributes(.patch, ref, part).forbidden(
                to: call.peer.user, because: "it may write by \(PatchType.merge.rawValue) only")
        }
        let isForced = try call.query.isForced(type == .apply)
        if type == .apply { return try await apply(ref, part, force: isForced, call) }
        let options = try call.writeOptions()
        let sent = try Call.parse(try await call.bytes())
        let body = try call.view?.stored(sent) ?? sent
        try await authorization.check(call.peer, attributes(.patch, ref, part), body: body)
        let object = try await resources.patch(ref, try type.patch(body), subresource(part), options)
        return try reply(object, call)
    }

    private func apply(
        _ ref: ObjectRef, _ part: Route.Part?, force: Bool, _ call: Call
    ) async throws(APIError) -> Reply {
        let options = try call.applyOptions()
        let body = try Call.parseYAML(try await call.bytes())
        try await authorization.check(call.peer, attributes(.patch, ref, part), body: body)
        let (object, isNew) = try await resources.apply(ref, body, subresource(part), force: force, options)
        return try reply(object, call, status: isNew ? .created : .ok)
    }

    /// Reads or writes how many the object has of what it is made of.
    func scale(_ ref: ObjectRef, _ method: HTTPRequest.Method, _ call: Call) async throws(APIError) -> Reply {
        let verb: Attributes.Verb = method == .get ? .get : method == .put ? .update : .patch
        try await authorization.check(call.peer, attributes(verb, ref, .scale))
        if method == .get { return .json(try await resources.scale(ref)) }
        let options = try call.writeOptions()
        if method == .put {
            let body = try await call.tree()
            return .json(try await resources.rescale(ref, options) { _ throws(APIError) in body })
        }
        let type = try PatchType(of: call)
        if type == .apply {
            throw .unsupportedMediaType(
                "a Scale is not applied - accepted media types include: \(PatchType.json.rawValue), \(PatchType.merge.rawValue)"
            )
        }
        let patch = try type.patch(try Call.parse(try await call.bytes()))
        return .json(
            try await resources.rescale(ref, options) { scale throws(APIError) in try patch.applied(to: scale, of: ref)
            })
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
        var reply: Reply
        switch try call.representation() {
        case .json, .discovery:
            reply =
                call.view == nil
                ? .json(object.encoded, status: status) : .json(try call.seen(object), status: status)
        case .partialMetadata:
            reply = .json(PartialObjectMetadata.of(try object.tree), status: status)
        case .table(let version):
            let table = Table.render(
                kind: call.view?.info ?? object.ref.kind, objects: [try call.seen(object)], now: Timestamp(time.wall()),
                includeObject: try call.query.includeObject(), version: version,
                metadata: ["resourceVersion": .string(String(object.revision.rawValue))])
            reply = .json(table.json, status: status)
        }
        reply.warn(object.warnings)
        return reply
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
