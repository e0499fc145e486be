/// Reads the bodies that typed Kubernetes clients send as `application/vnd.kubernetes.protobuf`: a magic, then an
/// envelope that names the kind of the message in it. Only what kubectl sends to this server is read; answers are JSON.
package enum KubernetesProtobuf {
    package static let contentType = "application/vnd.kubernetes.protobuf"
    private static let magic = Array("k8s\0".utf8)

    private struct Kind {
        var apiVersion: String
        var kind: String
        var message: ProtobufMessage
    }

    private static let kinds = [
        Kind(apiVersion: "v1", kind: "Namespace", message: .namespace),
        Kind(
            apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", message: .selfSubjectAccessReview),
        Kind(apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", message: .selfSubjectRulesReview),
        Kind(apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview", message: .selfSubjectReview),
    ]

    /// The object of a body, as if it had come as JSON: what was never set is left out, and so is any `status`.
    package static func decode(_ body: some Collection<UInt8>) throws(ProtobufError) -> JSON {
        let bytes = Array(body)
        guard bytes.starts(with: magic) else { throw .malformed("it does not start with \"k8s\" and a zero byte") }
        var decoder = ProtobufDecoder()
        let envelope = try decoder.object(.envelope, bytes.dropFirst(magic.count), at: "")
        try checkEncoding(of: envelope)
        let typeMeta = envelope["typeMeta"]
        guard let apiVersion = typeMeta?["apiVersion"]?.string, let kind = typeMeta?["kind"]?.string else {
            throw .malformed("typeMeta: it must name an apiVersion and a kind")
        }
        guard let known = kinds.first(where: { $0.apiVersion == apiVersion && $0.kind == kind }) else {
            let readable = kinds.map { "\($0.kind) in \($0.apiVersion)" }.joined(separator: ", ")
            throw .unsupported(
                "\(cut(kind)) in \(cut(apiVersion)) is not read as protobuf (\(readable) are): send it as JSON")
        }
        var object: JSONObject = ["apiVersion": .string(apiVersion), "kind": .string(kind)]
        for member in try decoder.object(known.message, try raw(bytes.dropFirst(magic.count)), at: "").members {
            object.append(member.key, member.value)
        }
        return .object(object)
    }

    private static func checkEncoding(of envelope: JSONObject) throws(ProtobufError) {
        if let encoding = envelope["contentEncoding"]?.string {
            throw .unsupported("a protobuf body with the content encoding \"\(cut(encoding))\" is not read")
        }
        if let type = envelope["contentType"]?.string, type != contentType {
            throw .unsupported("a protobuf body that holds \"\(cut(type))\" is not read")
        }
    }

    /// The message in the envelope; none at all is one in which nothing is set.
    private static func raw(_ envelope: ArraySlice<UInt8>) throws(ProtobufError) -> ArraySlice<UInt8> {
        var raw = ProtobufReader.Value.bytes([])
        var reader = ProtobufReader(envelope)
        do throws(ProtobufReader.Fault) {
            while let field = try reader.next() {
                if field.number == 2 { raw = field.value }
            }
        } catch {
            throw .malformed(error.reason, at: "")
        }
        guard case .bytes(let message) = raw else { throw .malformed("it is a number", at: "raw") }
        return message
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count > 100 ? String(text.unicodeScalars.prefix(100)) + "…" : text
    }
}
