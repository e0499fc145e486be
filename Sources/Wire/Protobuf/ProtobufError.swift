/// Why a protobuf body is not read.
package enum ProtobufError: Error, Hashable, Sendable {
    /// The bytes are not what they should be.
    case malformed(String)
    /// A kind or an encoding that is not read as protobuf; JSON would be.
    case unsupported(String)

    /// - Parameter path: the field that it is about; empty for the whole.
    static func malformed(_ reason: String, at path: String) -> ProtobufError {
        .malformed(path.isEmpty ? reason : "\(path): \(reason)")
    }
}

extension APIError {
    package init(_ error: ProtobufError) {
        self =
            switch error {
            case .malformed(let reason): .badRequest("the protobuf body cannot be read: \(reason)")
            case .unsupported(let text): .unsupportedMediaType(text)
            }
    }
}
