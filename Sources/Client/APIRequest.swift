import TidemillModel
import TidemillWire

/// One request, before it meets a connection.
package struct APIRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    /// Begins with `/`; its segments are escaped already, as `ObjectPath` does.
    package var path: String
    /// Names and values, escaped when sent.
    package var query: [(name: String, value: String)]
    package var body: [UInt8]?
    package var contentType: String
    package var accept: String
    /// How long the whole exchange may take.
    package var timeout: Duration

    package init(
        _ method: Method, _ path: String, query: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        contentType: String = MediaType.json, accept: String = MediaType.json, timeout: Duration = .seconds(30)
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.contentType = contentType
        self.accept = accept
        self.timeout = timeout
    }

    /// A read can be repeated whatever became of it.
    var isSafe: Bool { method == .get }

    /// Path and query as they go on the wire.
    package var target: String {
        if query.isEmpty { return path }
        return path + "?"
            + query.map { "\(Percent.encode($0.name))=\(Percent.encode($0.value))" }.joined(separator: "&")
    }
}

/// Media types that requests name.
package enum MediaType {
    package static let json = "application/json"
    package static let mergePatch = "application/merge-patch+json"
    /// Rows and columns rendered by the server.
    package static let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
}

/// A part of an object that is written apart from the rest.
package enum Subresource: String, Sendable {
    case main = ""
    case status
}

/// Spells the paths of the Kubernetes API conventions.
package enum ObjectPath {
    /// The path of a kind's objects: in `namespace`, or everywhere when nil or empty.
    package static func collection(_ kind: KindInfo, namespace: String?) -> String {
        let root = kind.group.isEmpty ? "/api/\(kind.version)" : "/apis/\(kind.group)/\(kind.version)"
        guard kind.namespaced, let namespace, !namespace.isEmpty else { return "\(root)/\(kind.plural)" }
        return "\(root)/namespaces/\(Percent.encode(namespace))/\(kind.plural)"
    }

    /// The path of one object, or of a part of it.
    package static func object(
        _ kind: KindInfo, namespace: String?, name: String, subresource: Subresource = .main
    ) -> String {
        let path = "\(collection(kind, namespace: namespace))/\(Percent.encode(name))"
        return subresource == .main ? path : "\(path)/\(subresource.rawValue)"
    }
}

/// Percent-encoding of RFC 3986: everything but unreserved characters.
package enum Percent {
    package static func encode(_ text: String) -> String {
        var out: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                out.append(byte)
            default:
                out += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
