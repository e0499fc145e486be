import HTTPTypes
import HummingbirdCore
import NIOCore
import TidemillWire

/// The answer to one request, before it is written.
struct Reply: Sendable {
    /// What follows the head.
    enum Body: Sendable {
        case bytes(ByteBuffer)
        /// Written as it comes, in chunks. Must finish the writer, or throw to cut the connection.
        case stream(@Sendable (inout any ResponseBodyWriter) async throws -> Void)
    }

    var status: HTTPResponse.Status
    var contentType: String
    var body: Body
    /// Further header fields.
    var fields: [HTTPField] = []
    /// Runs once the answer is written, or could not be: gives back what the route took for it.
    var afterwards: (@Sendable () async -> Void)?

    /// A JSON document that is already encoded; its bytes are copied once.
    static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Reply {
        Reply(status: status, contentType: jsonType, body: .bytes(ByteBuffer(bytes: bytes)))
    }

    static func json(_ tree: JSON, status: HTTPResponse.Status = .ok) -> Reply {
        json(tree.bytes, status: status)
    }

    static func text(_ text: String, contentType: String = "text/plain; charset=utf-8") -> Reply {
        Reply(status: .ok, contentType: contentType, body: .bytes(ByteBuffer(string: text)))
    }

    /// The Status of a failure, with `Retry-After` where waiting helps.
    static func failure(_ error: APIError) -> Reply {
        let status = Status(error)
        var reply = json(status.json, status: HTTPResponse.Status(code: status.code))
        if let seconds = status.details?.retryAfterSeconds, seconds > 0 {
            reply.fields.append(HTTPField(name: .retryAfter, value: String(seconds)))
        }
        // RequestGuard ends the connection after it.
        if case .tooLarge = error { reply.fields.append(HTTPField(name: .connection, value: "close")) }
        return reply
    }

    static let jsonType = "application/json"

    /// Tells the client what went well but not as it may think; kubectl prints it.
    mutating func warn(_ warnings: [String]) {
        guard let name = HTTPField.Name("Warning") else { return }
        for text in warnings {
            // A quoted string of RFC 9110: printable ASCII, and two characters escaped.
            let quoted = text.unicodeScalars.map { scalar in
                switch scalar {
                case "\"", "\\": "\\\(scalar)"
                case " "..."~": "\(scalar)"
                default: "?"
                }
            }
            fields.append(HTTPField(name: name, value: "299 - \"\(quoted.joined())\""))
        }
    }

    private var head: HTTPResponse {
        var fields = HTTPFields()
        fields.append(HTTPField(name: .contentType, value: contentType))
        if case .bytes(let buffer) = body {
            fields.append(HTTPField(name: .contentLength, value: String(buffer.readableBytes)))
        }
        for field in self.fields { fields.append(field) }
        return HTTPResponse(status: status, headerFields: fields)
    }

    /// Writes the answer; `withoutBody` for HEAD.
    func write(to writer: consuming ResponseWriter, withoutBody: Bool) async throws {
        guard let afterwards else { return try await writeNow(to: writer, withoutBody: withoutBody) }
        do {
            try await writeNow(to: writer, withoutBody: withoutBody)
        } catch {
            await afterwards()
            throw error
        }
        await afterwards()
    }

    private func writeNow(to writer: consuming ResponseWriter, withoutBody: Bool) async throws {
        if withoutBody {
            try await writer.writeResponse(head)
            return
        }
        switch body {
        case .bytes(let buffer):
            try await writer.write(response: head, body: ResponseBody(byteBuffer: buffer))
        case .stream(let write):
            try await writer.write(response: head, body: ResponseBody(write))
        }
    }
}
