import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A certificate with its private key.
package struct IssuedCertificate: Sendable {
    package let certificate: Certificate
    package let certificatePEM: String
    package let keyPEM: String

    init(certificate: Certificate, key: P256.Signing.PrivateKey) throws {
        self.certificate = certificate
        certificatePEM = try certificate.serializeAsPEM().pemString + "\n"
        keyPEM = key.pemRepresentation + "\n"
    }

    /// Reads a pair of PEM files; nil when either is missing.
    init?(certificatePath: String, keyPath: String) throws(CertificateError) {
        guard let certificateBytes = try PrivateFile.read(certificatePath), let keyBytes = try PrivateFile.read(keyPath)
        else { return nil }
        certificatePEM = String(decoding: certificateBytes, as: UTF8.self)
        keyPEM = String(decoding: keyBytes, as: UTF8.self)
        do {
            certificate = try Certificate(pemEncoded: certificatePEM)
        } catch {
            throw .unreadable(path: certificatePath, reason: "\(error)")
        }
    }

    /// Writes both files, the key first.
    package func write(certificatePath: String, keyPath: String) throws(CertificateError) {
        try PrivateFile.write(Array(keyPEM.utf8), to: keyPath)
        try PrivateFile.write(Array(certificatePEM.utf8), to: certificatePath)
    }

    /// Seconds since 1970 at which the certificate ends.
    var endsAtSeconds: Int64 { Int64(certificate.notValidAfter.timeIntervalSince1970) }
}
