import HTTPTypes
import NIOCore
import TidemillModel
import TidemillWire

/// The OpenAPI documents of the server's kinds, in every form in which clients ask for them.
struct OpenAPIDocuments: Sendable {
    /// One group version's, encoded, under its path below `/openapi/v3`, such as `apis/tidemill.dev/v1alpha1`.
    private struct Document: Sendable {
        var path: String
        var bytes: [UInt8]
        var hash: String
    }

    /// Of everything that a server of Tidemill serves; made when they are first asked for.
    static let all = OpenAPIDocuments(Kinds.all + KindView.all.map(\.info))

    private let documents: [Document]
    private let index: [UInt8]
    private let swagger: (json: [UInt8], protobuf: [UInt8])

    init(_ kinds: [KindInfo]) {
        var versions: [String] = []
        for kind in kinds where !versions.contains(kind.apiVersion) { versions.append(kind.apiVersion) }
        let trees = versions.map { version in
            OpenAPI3.document(version, kinds.filter { $0.apiVersion == version })
        }
        documents = zip(versions, trees).map { version, tree in
            let bytes = tree.bytes
            var sum = SHA256()
            sum.update(bytes)
            return Document(
                path: version.contains("/") ? "apis/\(version)" : "api/\(version)", bytes: bytes,
                hash: String(sum.hexadecimal.prefix(32)))
        }
        let paths = documents.map { document in
            JSONObject.Member(
                key: document.path,
                value: ["serverRelativeURL": .string("/openapi/v3/\(document.path)?hash=\(document.hash)")])
        }
        index = (["paths": .object(JSONObject(paths))] as JSON).bytes
        let whole = OpenAPI2.document(of: trees)
        swagger = (whole.bytes, OpenAPI2.protobuf(whole))
    }

    /// The list of documents, with a hash of each, by which clients keep them.
    func list(_ call: Call) throws(APIError) -> Reply {
        try checkJSON(call)
        return .json(index)
    }

    /// One group version's. With the right hash in the query it may be kept for good.
    func document(_ path: String, _ call: Call) throws(APIError) -> Reply {
        guard let document = documents.first(where: { $0.path == path }) else { throw .noSuchPath }
        try checkJSON(call)
        let tag = "\"\(document.hash)\""
        let isKept = call.header(.ifNoneMatch)?.contains(tag) ?? false
        var reply = isKept ? Reply.json([], status: .notModified) : Reply.json(document.bytes)
        reply.fields.append(HTTPField(name: .eTag, value: tag))
        let isNamed = call.query["hash"] == document.hash
        reply.fields.append(
            HTTPField(name: .cacheControl, value: isNamed ? "public, immutable" : "no-cache, private"))
        return reply
    }

    /// OpenAPI 2, in the first form that the client accepts.
    func swagger(_ call: Call) throws(APIError) -> Reply {
        for range in Accept(call.header(.accept)).ranges {
            if range.covers("application", "json") { return .json(swagger.json) }
            if range.type == "application", range.subtype == OpenAPI2.acceptedProtobufSubtype {
                return Reply(
                    status: .ok, contentType: OpenAPI2.protobufType,
                    body: .bytes(ByteBuffer(bytes: swagger.protobuf)))
            }
        }
        throw .notAcceptable(
            "only the following media types are supported: application/json, application/\(OpenAPI2.acceptedProtobufSubtype)"
        )
    }

    private func checkJSON(_ call: Call) throws(APIError) {
        guard Accept(call.header(.accept)).accepts("application", "json") else {
            throw .notAcceptable("only the following media types are supported: application/json")
        }
    }
}
