import NIOCore
import NIOSSL
import Synchronization

/// The TLS context that new connections get. Replacing it rotates certificates and trusted authorities without a restart.
///
/// Replace it whenever a trusted authority changes: session tickets belong to the context, so an old ticket then leads to a
/// full handshake. Open connections keep what they were made with; close them through the `ConnectionRegistry`.
package final class TLSContextHolder: Sendable {
    // A lock, since connections are set up by synchronous code on event loops. Held for one assignment.
    private let context: Mutex<NIOSSLContext>

    package init(_ material: TLSMaterial) throws {
        context = Mutex(try material.makeContext())
    }

    package func replace(with material: TLSMaterial) throws {
        let new = try material.makeContext()
        context.withLock { $0 = new }
    }

    var current: NIOSSLContext {
        context.withLock { $0 }
    }
}

/// What a TLS server needs: its own certificate and key, and the authorities whose clients it trusts, all in PEM.
package struct TLSMaterial: Sendable {
    package var certificatePEM: String
    package var keyPEM: String
    package var clientAuthoritiesPEM: String

    package init(certificatePEM: String, keyPEM: String, clientAuthoritiesPEM: String) {
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
        self.clientAuthoritiesPEM = clientAuthoritiesPEM
    }

    package init(_ folder: CertificateFolder) {
        self.init(
            certificatePEM: folder.server.certificatePEM, keyPEM: folder.server.keyPEM,
            clientAuthoritiesPEM: folder.authority.certificatePEM)
    }

    func makeContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificatePEM.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // The default of 5 s would hold every close of a peer that no longer answers.
        configuration.shutdownTimeout = .seconds(1)
        // Demands a certificate of the client and checks it, but not its name against an address.
        // `.optionalVerification` is the one change for clients that bring a token instead.
        configuration.certificateVerification = .noHostnameVerification
        // Only our own authorities: the default would be everybody whom the system trusts.
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(Array(clientAuthoritiesPEM.utf8)))
        configuration.sendCANameList = true
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}
