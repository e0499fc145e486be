import FoundationEssentials
import NIOSSL
import SwiftASN1
import TidemillSeams
import X509

/// Who is on the other end of a connection, as its certificate says. Read once a connection.
package struct Peer: Hashable, Sendable {
    /// Members may do everything.
    package static let mastersGroup = "system:masters"
    /// The group of all agents.
    package static let nodesGroup = "system:nodes"
    /// Before the name of an agent's node.
    package static let nodePrefix = "system:node:"

    /// The certificate's common name.
    package let user: String
    /// Its organizations.
    package let groups: [String]
    /// Its serial number without leading zeros.
    package let serial: [UInt8]
    /// The name of who signed it. With the serial, it names one certificate.
    package let issuer: String
    /// Seconds since 1970. Compared on every request, since a resumed TLS session is not verified anew.
    package let endsAtSeconds: Int64

    /// The peer of the connection that is being handled.
    @TaskLocal package static var current: Peer?

    package init(user: String, groups: [String], serial: [UInt8] = [], issuer: String = "", endsAtSeconds: Int64 = .max)
    {
        self.user = user
        self.groups = groups
        self.serial = Array(serial.drop { $0 == 0 })
        self.issuer = issuer
        self.endsAtSeconds = endsAtSeconds
    }

    /// Reads the certificate that the peer proved to hold. Throws when it is not one.
    init(_ presented: NIOSSLCertificate) throws {
        let certificate = try Certificate(derEncoded: presented.toDERBytes())
        var user = ""
        var groups: [String] = []
        for name in certificate.subject {
            for attribute in name {
                if attribute.type == .RDNAttributeType.commonName {
                    user = String(describing: attribute.value)
                } else if attribute.type == .RDNAttributeType.organizationName {
                    groups.append(String(describing: attribute.value))
                }
            }
        }
        self.init(
            user: user, groups: groups, serial: Array(certificate.serialNumber.bytes),
            issuer: certificate.issuer.description,
            endsAtSeconds: Int64(certificate.notValidAfter.timeIntervalSince1970))
    }

    /// The node whose agent this is.
    package var node: NodeID? {
        guard groups.contains(Self.nodesGroup), user.hasPrefix(Self.nodePrefix) else { return nil }
        let name = user.dropFirst(Self.nodePrefix.count)
        return name.isEmpty ? nil : NodeID(String(name))
    }

    package var isMaster: Bool { groups.contains(Self.mastersGroup) }
}
