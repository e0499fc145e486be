import TidemillModel

/// A tree that is not the value it should be: where, and why.
package struct DecodeFailure: Error, Hashable, Sendable {
    /// Such as `spec.slice.devices[0].compute`; empty for the document itself.
    package var path: String
    package var message: String

    package init(path: String = "", message: String) {
        self.path = path
        self.message = message
    }

    /// The same failure, seen from the object that holds the value under `key`.
    package func under(_ key: String) -> DecodeFailure {
        let separator = path.isEmpty || path.hasPrefix("[") ? "" : "."
        return DecodeFailure(path: key + separator + path, message: message)
    }

    package static func mismatch(_ wanted: String, _ json: JSON) -> DecodeFailure {
        DecodeFailure(message: "must be \(wanted), not \(json.typeName)")
    }
}

extension DecodeFailure: CustomStringConvertible {
    package var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
