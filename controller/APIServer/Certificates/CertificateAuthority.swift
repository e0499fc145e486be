import Crypto
import FoundationEssentials
import SwiftASN1
import TidemillSeams
import X509

/// The controller's own certificate authority: it signs the server's certificate and those of operators and nodes.
///
/// EC P-256 throughout. The authority lives ten years, what it signs one year.
package struct CertificateAuthority: Sendable {
    package static let certificateFile = "ca.pem"
    package static let keyFile = "ca.key"
    static let yearSeconds: Double = 365 * 86_400

    package let certificate: Certificate
    package let certificatePEM: String
    private let key: P256.Signing.PrivateKey

    /// Reads the authority of `folder`; the first call makes it (and the folder).
    package static func open(folder: String, time: any TimeSource) throws(CertificateError) -> CertificateAuthority {
        try PrivateFile.makeFolder(folder)
        let certificatePath = folder + "/" + certificateFile
        let keyPath = folder + "/" + keyFile
        let keyBytes = try PrivateFile.read(keyPath)
        if let bytes = try PrivateFile.read(certificatePath) {
            guard let keyBytes else { throw .keyMissing(path: keyPath) }
            do {
                let key = try P256.Signing.PrivateKey(pemRepresentation: String(decoding: keyBytes, as: UTF8.self))
                return try CertificateAuthority(pem: String(decoding: bytes, as: UTF8.self), key: key)
            } catch {
                throw .unreadable(path: certificatePath, reason: "\(error)")
            }
        }
        // A key without a certificate is what a crash between the two writes leaves: nothing was signed with it yet.
        let authority = try make(now: date(time.wall()))
        try PrivateFile.write(Array((authority.key.pemRepresentation + "\n").utf8), to: keyPath)
        try PrivateFile.write(Array(authority.certificatePEM.utf8), to: certificatePath)
        return authority
    }

    private init(pem: String, key: P256.Signing.PrivateKey) throws {
        certificate = try Certificate(pemEncoded: pem)
        certificatePEM = pem
        self.key = key
    }

    private static func make(now: Date) throws(CertificateError) -> CertificateAuthority {
        do {
            let key = P256.Signing.PrivateKey()
            let signer = Certificate.PrivateKey(key)
            let name = try DistinguishedName {
                CommonName("tidemill-ca")
            }
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: signer.publicKey,
                notValidBefore: now.addingTimeInterval(-300),
                notValidAfter: now.addingTimeInterval(10 * yearSeconds), issuer: name, subject: name,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: signer.publicKey)
                },
                issuerPrivateKey: signer)
            return try CertificateAuthority(pem: certificate.serializeAsPEM().pemString + "\n", key: key)
        } catch {
            throw .cannotIssue(name: "tidemill-ca", reason: "\(error)")
        }
    }

    /// A certificate for a server under `names`: DNS names and addresses, at least one.
    package func issueServer(
        names: [String], time: any TimeSource
    ) throws(CertificateError) -> IssuedCertificate {
        do {
            let subject = try DistinguishedName {
                CommonName("tidemill-controller")
            }
            return try issue(subject: subject, usage: .serverAuth, alternatives: names.map(generalName), time: time)
        } catch {
            throw .cannotIssue(name: names.joined(separator: ", "), reason: "\(error)")
        }
    }

    /// A certificate for a client: its user name is `commonName`, its groups are `organizations`.
    package func issueClient(
        commonName: String, organizations: [String], time: any TimeSource
    ) throws(CertificateError) -> IssuedCertificate {
        do {
            let attributes =
                organizations.map {
                    RelativeDistinguishedName.Attribute(type: .RDNAttributeType.organizationName, utf8String: $0)
                }
                + [RelativeDistinguishedName.Attribute(type: .RDNAttributeType.commonName, utf8String: commonName)]
            let subject = DistinguishedName(attributes.map { RelativeDistinguishedName($0) })
            return try issue(subject: subject, usage: .clientAuth, alternatives: [], time: time)
        } catch {
            throw .cannotIssue(name: commonName, reason: "\(error)")
        }
    }

    /// A certificate for the agent of `node`.
    package func issueNode(_ node: NodeID, time: any TimeSource) throws(CertificateError) -> IssuedCertificate {
        try issueClient(
            commonName: Peer.nodePrefix + node.rawValue, organizations: [Peer.nodesGroup], time: time)
    }

    private func issue(
        subject: DistinguishedName, usage: ExtendedKeyUsage.Usage, alternatives: [GeneralName], time: any TimeSource
    ) throws -> IssuedCertificate {
        let now = Self.date(time.wall())
        let leafKey = P256.Signing.PrivateKey()
        let publicKey = Certificate.PrivateKey(leafKey).publicKey
        var extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([usage])
            SubjectKeyIdentifier(hash: publicKey)
        }
        if let identifier = try certificate.extensions.subjectKeyIdentifier?.keyIdentifier {
            try extensions.append(
                Certificate.Extension(AuthorityKeyIdentifier(keyIdentifier: identifier), critical: false))
        }
        if !alternatives.isEmpty {
            try extensions.append(Certificate.Extension(SubjectAlternativeNames(alternatives), critical: false))
        }
        let leaf = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey,
            notValidBefore: now.addingTimeInterval(-300), notValidAfter: now.addingTimeInterval(Self.yearSeconds),
            issuer: certificate.subject, subject: subject, extensions: extensions,
            issuerPrivateKey: Certificate.PrivateKey(key))
        return try IssuedCertificate(certificate: leaf, key: leafKey)
    }

    static func date(_ wall: WallTime) -> Date {
        Date(timeIntervalSince1970: Double(wall.nanosecondsSince1970) / 1e9)
    }
}
