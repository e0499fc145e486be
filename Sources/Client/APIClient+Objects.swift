import TidemillModel
import TidemillSeams
import TidemillWire

/// The objects of a list and the revision at which they were so.
package struct ObjectPage<Object: Sendable>: Sendable {
    package var objects: [Object]
    package var revision: Revision
}

/// The verbs on objects as JSON trees; the typed ones stand on these.
extension APIClient {
    package func get(_ kind: KindInfo, namespace: String?, name: String) async throws(ClientError) -> JSON {
        try await json(APIRequest(.get, ObjectPath.object(kind, namespace: namespace, name: name)))
    }

    /// All objects of a kind, in pages of 500 behind the scenes; everywhere when `namespace` is nil.
    package func list(
        _ kind: KindInfo, namespace: String?, selection: Selection = .all
    ) async throws(ClientError) -> ObjectPage<JSON> {
        var page = ObjectPage<JSON>(objects: [], revision: Revision(0))
        var token: String?
        repeat {
            var query = selection.query + [(name: "limit", value: "500")]
            if let token { query.append((name: "continue", value: token)) }
            let list = try await json(
                APIRequest(.get, ObjectPath.collection(kind, namespace: namespace), query: query))
            page.objects += list["items"]?.array ?? []
            page.revision = Revision(try Self.revision(of: list))
            token = list.at(["metadata", "continue"])?.string.flatMap { $0.isEmpty ? nil : $0 }
        } while token != nil
        return page
    }

    /// Creates an object in the namespace that its metadata names.
    package func create(
        _ kind: KindInfo, _ object: JSON, query: [(name: String, value: String)] = []
    ) async throws(ClientError) -> JSON {
        let path = ObjectPath.collection(kind, namespace: object.at(["metadata", "namespace"])?.string)
        return try await json(APIRequest(.post, path, query: query, body: object.bytes))
    }

    /// Replaces an object, or its status; `metadata.resourceVersion` is the revision that must still hold.
    package func update(
        _ kind: KindInfo, _ object: JSON, subresource: Subresource = .main
    ) async throws(ClientError) -> JSON {
        let metadata = object["metadata"]
        let path = ObjectPath.object(
            kind, namespace: metadata?["namespace"]?.string, name: metadata?["name"]?.string ?? "",
            subresource: subresource)
        return try await json(APIRequest(.put, path, body: object.bytes))
    }

    /// Applies an RFC 7386 patch. A `metadata.resourceVersion` in it is the revision that must still hold.
    package func mergePatch(
        _ kind: KindInfo, namespace: String?, name: String, patch: JSON, subresource: Subresource = .main,
        query: [(name: String, value: String)] = []
    ) async throws(ClientError) -> JSON {
        let path = ObjectPath.object(kind, namespace: namespace, name: name, subresource: subresource)
        return try await json(
            APIRequest(.patch, path, query: query, body: patch.bytes, contentType: MediaType.mergePatch))
    }

    /// Deletes an object.
    ///
    /// - Returns: a Status when it is gone, or the object when finalizers keep it for now.
    @discardableResult
    package func delete(
        _ kind: KindInfo, namespace: String?, name: String, options: DeleteOptions = DeleteOptions()
    ) async throws(ClientError) -> JSON {
        let path = ObjectPath.object(kind, namespace: namespace, name: name)
        return try await json(APIRequest(.delete, path, body: options.json.bytes))
    }

    /// Changes of a kind's objects as they happen, as they are on the wire.
    package func watch(
        _ kind: KindInfo, namespace: String?, selection: Selection = .all, options: WatchOptions = WatchOptions(),
        accept: String = MediaType.json
    ) async throws(ClientError) -> WatchStream<JSON> {
        let request = APIRequest(
            .get, ObjectPath.collection(kind, namespace: namespace), query: selection.query + options.query,
            accept: accept, timeout: options.timeout + .seconds(30))
        return WatchStream(lines: try await stream(request).lines(), decode: { tree throws(ClientError) in tree })
    }

    /// `metadata.resourceVersion` as a number.
    static func revision(of object: JSON) throws(ClientError) -> Int64 {
        guard let text = object.at(["metadata", "resourceVersion"])?.string, let revision = Int64(text) else {
            throw .badAnswer("metadata.resourceVersion is not a number")
        }
        return revision
    }
}

extension DeleteOptions {
    /// The options as a request's body.
    var json: JSON {
        var json: JSON = ["kind": "DeleteOptions", "apiVersion": "v1"]
        json["propagationPolicy"] = .string(propagationPolicy ?? "Background")
        var preconditions: JSON = [:]
        if let uid { preconditions["uid"] = .string(uid) }
        if let resourceVersion { preconditions["resourceVersion"] = .string(resourceVersion) }
        if preconditions != [:] { json["preconditions"] = preconditions }
        if dryRun { json["dryRun"] = ["All"] }
        return json
    }
}
