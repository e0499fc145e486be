import HTTPTypes
import HummingbirdCore
import NIOCore
import TidemillStore
import TidemillWire
import TidemillYAML

/// A request with what every route may need of it.
struct Call: Sendable {
    let request: Request
    let target: RequestTarget
    let peer: Peer
    let channel: any Channel
    let limits: ServerLimits
    /// The shape in which the client sees the objects that the request is about, where it is not that of the store.
    var view: KindView?

    var query: Query { target.query }

    /// The first value of a header field, found by a scan: there are few, and each is looked for once.
    func header(_ name: HTTPField.Name) -> String? {
        for field in request.headers where field.name == name { return field.value }
        return nil
    }

    /// The form in which objects are answered. Throws `.notAcceptable`.
    func representation() throws(APIError) -> Representation {
        guard let header = header(.accept), header != "application/json", header != "*/*" else { return .json }
        guard let found = Accept(header).forObjects else {
            throw .notAcceptable(
                "only the following media types are supported: application/json, application/json;as=Table;v=v1;g=meta.k8s.io, application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
            )
        }
        return found
    }

    /// The whole body; empty when there is none. Throws `.tooLarge` beyond the limit.
    func bytes() async throws(APIError) -> ByteBuffer {
        let message = "the body of the request is larger than \(limits.bodyBytes) bytes"
        if let text = header(.contentLength), let length = Int(text), length > limits.bodyBytes {
            throw .tooLarge("\(message): \(length)")
        }
        do {
            return try await request.body.collect(upTo: limits.bodyBytes)
        } catch is NIOTooManyBytesError {
            throw .tooLarge(message)
        } catch {
            // The connection broke; nobody will read the answer.
            throw .badRequest("the body of the request ended too early")
        }
    }

    /// The body as a JSON tree: JSON, YAML, or what typed Kubernetes clients send as protobuf. A missing or odd type is
    /// JSON, since clients of old send those.
    ///
    /// Throws `.badRequest` with the place of the fault, `.unsupportedMediaType` for what must not be taken for JSON.
    func tree() async throws(APIError) -> JSON {
        guard let header = header(.contentType), let type = MediaRange(parsing: header) else {
            return try Self.parse(try await bytes())
        }
        let name = "\(type.type)/\(type.subtype)"
        switch name {
        case Self.yamlType: return try Self.parseYAML(try await bytes())
        case KubernetesProtobuf.contentType:
            let body = try await bytes()
            do throws(ProtobufError) {
                return try KubernetesProtobuf.decode(body.readableBytesView)
            } catch {
                throw APIError(error)
            }
        default:
            let isForeign = ["yaml", "protobuf", "cbor", "patch+json"].contains { type.subtype.hasSuffix($0) }
            if isForeign {
                let accepted = [Reply.jsonType, Self.yamlType, KubernetesProtobuf.contentType]
                throw .unsupportedMediaType(
                    "the body of the request was in an unknown format (\(name)) - accepted media types include: "
                        + accepted.joined(separator: ", "))
            }
            return try Self.parse(try await bytes())
        }
    }

    private static let yamlType = "application/yaml"

    /// The object in the body, as it is to be stored.
    func object() async throws(APIError) -> JSON {
        let tree = try await tree()
        return try view?.stored(tree) ?? tree
    }

    /// A stored object, as the client sees it.
    func seen(_ object: StoredObject) throws(APIError) -> JSON {
        let tree = try object.tree
        return view?.seen(tree) ?? tree
    }

    /// What the request selects.
    func selector() throws(APIError) -> ObjectSelector {
        var selector = try ObjectSelector(query)
        if let view { selector.fields = view.stored(selector.fields) }
        return selector
    }

    static func parse(_ body: ByteBuffer) throws(APIError) -> JSON {
        guard body.readableBytes > 0 else {
            throw .badRequest("the body of the request is empty: a JSON object is expected")
        }
        do {
            return try JSON.parse(body.readableBytesView)
        } catch {
            throw .badRequest("the body of the request is not valid JSON: \(error.message)")
        }
    }

    /// One document of YAML, or JSON, which most clients send under its name.
    static func parseYAML(_ body: ByteBuffer) throws(APIError) -> JSON {
        if body.readableBytesView.first == UInt8(ascii: "{") { return try parse(body) }
        guard let text = String(validating: body.readableBytesView, as: UTF8.self) else {
            throw .badRequest("the body of the request is not valid YAML: it is not UTF-8")
        }
        let documents: [YAMLDocument]
        do {
            documents = try YAMLReader.documents(text, allowsAliases: false)
        } catch {
            throw .badRequest("the body of the request is not valid YAML: \(error)")
        }
        guard let document = documents.first, documents.count == 1 else {
            throw .badRequest("the body of the request must be one YAML document, and it has \(documents.count)")
        }
        return document.value
    }
}
