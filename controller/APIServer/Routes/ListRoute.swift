import TidemillModel
import TidemillSeams
import TidemillStore
import TidemillWire

/// A list of objects: as one document, as a Table, or metadata alone.
struct ListRoute: Sendable {
    let resources: Resources
    let authorization: Authorization
    let time: any TimeSource

    func list(_ kind: KindInfo, namespace: String?, _ call: Call) async throws(APIError) -> Reply {
        try await authorization.check(
            call.peer, Attributes(verb: .list, kind: kind, namespace: namespace, name: nil, part: nil))
        let list = try await resources.list(kind, namespace: namespace, try ListOptions(call))
        var metadata: JSONObject = ["resourceVersion": .string(String(list.revision.rawValue))]
        if let token = list.continueToken { metadata.append("continue", .string(token)) }
        if let remaining = list.remaining, remaining > 0 {
            metadata.append("remainingItemCount", .integer(Int64(remaining)))
        }
        let representation = try call.representation()
        if case .json = representation, call.view == nil {
            return .json(Self.document(kind, metadata, list.objects))
        }
        var trees: [JSON] = []
        trees.reserveCapacity(list.objects.count)
        for object in list.objects { trees.append(try call.seen(object)) }
        return try render(call.view?.info ?? kind, trees, metadata, representation, call)
    }

    /// Deletes what the selectors and the limit leave, and answers with it.
    func deleteAll(_ kind: KindInfo, namespace: String?, _ call: Call) async throws(APIError) -> Reply {
        if kind.namespaced, namespace == nil {
            throw .methodNotAllowed("objects of \(kind.plural) are deleted in one namespace at a time")
        }
        try await authorization.check(
            call.peer, Attributes(verb: .delete, kind: kind, namespace: namespace, name: nil, part: nil))
        let options = try await DeleteOptions(call)
        let deleted = try await resources.deleteCollection(
            kind, namespace: namespace, selecting: try ListOptions(call), options)
        let revision = await resources.store.currentRevision()
        let metadata: JSONObject = ["resourceVersion": .string(String(revision.rawValue))]
        guard let view = call.view else { return .json(Self.document(kind, metadata, deleted)) }
        var trees: [JSON] = []
        for object in deleted { trees.append(try call.seen(object)) }
        return try render(view.info, trees, metadata, .json, call)
    }

    /// The Leases of nodes, which are not in the store. One of them when `name` is given. Throws `.notFound`.
    func nodeLeases(
        _ kind: KindInfo, name: String?, _ call: Call, from leases: any NodeLeaseSource
    ) async throws(APIError) -> Reply {
        try await authorization.check(
            call.peer,
            Attributes(
                verb: name == nil ? .list : .get, kind: kind, namespace: nodeLeaseNamespace, name: name, part: nil))
        let selector = try ObjectSelector(call.query)
        let revision = await resources.store.currentRevision()
        let trees = await leases.nodeLeases().map(\.json).filter { tree in
            if let name { return tree.at(["metadata", "name"])?.string == name }
            return selector.fields.matches(tree) && selector.labels.matches(labels(of: tree))
        }
        if let name {
            guard let tree = trees.first else { throw .notFound(resource: kind.groupResource, name: name) }
            if case .json = try call.representation() { return .json(tree) }
        }
        return try render(
            kind, trees, ["resourceVersion": .string(String(revision.rawValue))], try call.representation(), call)
    }

    private func render(
        _ kind: KindInfo, _ trees: [JSON], _ metadata: JSONObject, _ representation: Representation, _ call: Call
    ) throws(APIError) -> Reply {
        switch representation {
        case .table(let version):
            return .json(
                Table.render(
                    kind: kind, objects: trees, now: Timestamp(time.wall()),
                    includeObject: try call.query.includeObject(), version: version, metadata: metadata
                ).json)
        case .partialMetadata:
            return .json(PartialObjectMetadata.list(trees, metadata: metadata))
        case .json, .discovery:
            return .json([
                "kind": .string("\(kind.kind)List"), "apiVersion": .string(kind.apiVersion),
                "metadata": .object(metadata), "items": .array(trees),
            ])
        }
    }

    /// The document of a list, from the objects' own bytes.
    private static func document(_ kind: KindInfo, _ metadata: JSONObject, _ objects: [StoredObject]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + objects.count * 1536)
        bytes += "{\"kind\":\"\(kind.kind)List\",\"apiVersion\":\"\(kind.apiVersion)\",\"metadata\":".utf8
        JSON.object(metadata).write(into: &bytes)
        bytes += ",\"items\":[".utf8
        for (index, object) in objects.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            object.write(into: &bytes)
        }
        bytes += "]}".utf8
        return bytes
    }
}

/// The namespace in which Leases of nodes are read.
package let nodeLeaseNamespace = "tidemill-node-lease"

private func labels(of tree: JSON) -> [String: String] {
    var labels: [String: String] = [:]
    for member in tree.at(["metadata", "labels"])?.object?.members ?? [] { labels[member.key] = member.value.string }
    return labels
}
