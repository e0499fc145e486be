import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

extension ClientError {
    /// What an error before the response's head means.
    init(sending error: any Error) {
        switch error {
        case is CancellationError: self = .cancelled
        case let error as HTTPClientError: self.init(error)
        case let error as NIOConnectionError: self = .unreachable(Self.sentence(error))
        case let error as NIOSSLError: self = .unreachable("TLS: \(error)")
        case let error as NIOSSLExtraError: self = .unreachable("TLS: \(error)")
        case let error as IOError where error.errnoCode == Self.refused: self = .unreachable("connection refused")
        case ChannelError.connectTimeout: self = .unreachable("no answer to the connection attempt")
        default: self = .interrupted(String(describing: error))
        }
    }

    /// What an error in the middle of the response's body means.
    init(reading error: any Error) {
        switch error {
        case is CancellationError: self = .cancelled
        case let error as HTTPClientError: self.init(error)
        default: self = .interrupted(String(describing: error))
        }
    }

    private init(_ error: HTTPClientError) {
        switch error {
        case .cancelled, .alreadyShutdown: self = .cancelled
        case .deadlineExceeded, .readTimeout, .writeTimeout: self = .timedOut
        case .connectTimeout: self = .unreachable("no answer to the connection attempt")
        case .tlsHandshakeTimeout: self = .unreachable("no answer in the TLS handshake")
        case .getConnectionFromPoolTimeout: self = .unreachable("no connection became free in time")
        case .invalidURL, .emptyHost, .emptyScheme: self = .configuration("the server's address is not a URL")
        case .remoteConnectionClosed: self = .interrupted("the server closed the connection")
        default: self = .interrupted(error.shortDescription)
        }
    }

    /// ECONNREFUSED of Linux.
    private static let refused: CInt = 111

    private static func sentence(_ error: NIOConnectionError) -> String {
        guard let first = error.connectionErrors.first else { return "\(error.host) cannot be resolved" }
        let reason = (first.error as? IOError).map { $0.errnoCode == refused ? "connection refused" : "\($0)" }
        return "\(error.host):\(error.port): \(reason ?? "\(first.error)")"
    }
}
