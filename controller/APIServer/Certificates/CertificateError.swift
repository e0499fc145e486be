/// Why certificates cannot be made or read. `description` is a sentence for the operator.
package enum CertificateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file cannot be read or written; `reason` is the kernel's.
    case file(path: String, reason: String)
    /// A file is there but holds something else than it should.
    case unreadable(path: String, reason: String)
    /// The certificate authority has lost its key; its certificates stay valid, but none can be issued.
    case keyMissing(path: String)
    case cannotIssue(name: String, reason: String)

    package var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .unreadable(let path, let reason): "\(path) cannot be used: \(reason)"
        case .keyMissing(let path):
            "\(path) is missing, but the certificate beside it exists: restore the key, or remove both to start anew"
        case .cannotIssue(let name, let reason): "no certificate for \(name): \(reason)"
        }
    }
}
