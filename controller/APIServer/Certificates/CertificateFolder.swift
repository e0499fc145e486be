import FoundationEssentials
import TidemillSeams
import X509

/// The certificates in the controller's data folder: its authority, its server's certificate, the first operator's.
///
/// What is missing is made, what ends within 30 days or no longer fits is made anew; all files have mode 0600.
package struct CertificateFolder: Sendable {
    /// What a server's certificate always names.
    package static let localNames = ["127.0.0.1", "::1", "localhost"]
    static let renewalSeconds: Int64 = 30 * 86_400

    package let path: String
    package let authority: CertificateAuthority
    package let server: IssuedCertificate
    package let admin: IssuedCertificate

    /// `names`: further DNS names and addresses under which the server is reached.
    package init(path: String, names: [String] = [], time: any TimeSource) throws(CertificateError) {
        self.path = path
        let authority = try CertificateAuthority.open(folder: path, time: time)
        self.authority = authority
        let wanted = Self.localNames + names.filter { !Self.localNames.contains($0) }
        server = try Self.keepOrIssue(
            path + "/server", authority, time,
            fits: { leaf in
                // A certificate whose names cannot be read does not fit: it is replaced.
                let named = (try? leaf.extensions.subjectAlternativeNames).map { Array($0) } ?? []
                return Set(named) == Set(wanted.map(generalName))
            },
            issue: { () throws(CertificateError) in try authority.issueServer(names: wanted, time: time) })
        admin = try Self.keepOrIssue(
            path + "/admin", authority, time, fits: { _ in true },
            issue: { () throws(CertificateError) in
                try authority.issueClient(commonName: "admin", organizations: [Peer.mastersGroup], time: time)
            })
    }

    private static func keepOrIssue(
        _ base: String, _ authority: CertificateAuthority, _ time: any TimeSource, fits: (Certificate) -> Bool,
        issue: () throws(CertificateError) -> IssuedCertificate
    ) throws(CertificateError) -> IssuedCertificate {
        let certificatePath = base + ".pem"
        let keyPath = base + ".key"
        let now = time.wall().nanosecondsSince1970 / 1_000_000_000
        if let kept = try IssuedCertificate(certificatePath: certificatePath, keyPath: keyPath),
            kept.endsAtSeconds - now > renewalSeconds,
            authority.certificate.publicKey.isValidSignature(kept.certificate.signature, for: kept.certificate),
            fits(kept.certificate)
        {
            return kept
        }
        let issued = try issue()
        try issued.write(certificatePath: certificatePath, keyPath: keyPath)
        return issued
    }

    /// Writes a kubeconfig for the first operator; `server` is a URL such as `https://127.0.0.1:8443`. Returns its path.
    @discardableResult
    package func writeKubeconfig(server: String) throws(CertificateError) -> String {
        let text = kubeconfig(
            server: server, authorityPEM: authority.certificatePEM, certificatePEM: admin.certificatePEM,
            keyPEM: admin.keyPEM)
        try PrivateFile.write(Array(text.utf8), to: path + "/kubeconfig")
        return path + "/kubeconfig"
    }

    /// Issues the certificate of `node` and writes `ca.pem`, `node.pem` and `node.key` into `folder`.
    package static func issueNode(
        _ node: NodeID, from dataFolder: String, into folder: String, time: any TimeSource
    ) throws(CertificateError) {
        let authority = try CertificateAuthority.open(folder: dataFolder, time: time)
        try PrivateFile.makeFolder(folder)
        try PrivateFile.write(Array(authority.certificatePEM.utf8), to: folder + "/ca.pem")
        try authority.issueNode(node, time: time)
            .write(certificatePath: folder + "/node.pem", keyPath: folder + "/node.key")
    }
}

/// A kubeconfig with one context, `tidemill`, which carries its certificates inside.
func kubeconfig(server: String, authorityPEM: String, certificatePEM: String, keyPEM: String) -> String {
    func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
    return """
        apiVersion: v1
        kind: Config
        clusters:
        - name: tidemill
          cluster:
            server: \(server)
            certificate-authority-data: \(base64(authorityPEM))
        users:
        - name: tidemill-admin
          user:
            client-certificate-data: \(base64(certificatePEM))
            client-key-data: \(base64(keyPEM))
        contexts:
        - name: tidemill
          context:
            cluster: tidemill
            user: tidemill-admin
            namespace: default
        current-context: tidemill

        """
}
