import HTTPTypes
import HummingbirdCore
import NIOCore
import TidemillWire

/// A request with what every route may need of it.
struct Call: Sendable {
    let request: Request
    let target: RequestTarget
    let peer: Peer
    let channel: any Channel
    let limits: ServerLimits

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

    /// The body as a JSON tree. Throws `.badRequest` with line, column and path, `.unsupportedMediaType` for other types.
    func tree() async throws(APIError) -> JSON {
        try checkType(accepted: [Reply.jsonType])
        return try Self.parse(try await bytes())
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

    /// Types that must not be taken for JSON are refused; a missing or odd one is JSON, since clients of old send those.
    func checkType(accepted: [String]) throws(APIError) {
        guard let header = header(.contentType), let type = MediaRange(parsing: header) else { return }
        let name = "\(type.type)/\(type.subtype)"
        if accepted.contains(name) { return }
        let isForeign =
            type.subtype.hasSuffix("yaml") || type.subtype.hasSuffix("protobuf") || type.subtype.hasSuffix("cbor")
            || type.subtype.hasSuffix("patch+json")
        if isForeign || accepted != [Reply.jsonType] {
            throw .unsupportedMediaType(
                "the body of the request was in an unknown format (\(name)) - accepted media types include: \(accepted.joined(separator: ", "))"
            )
        }
    }
}
