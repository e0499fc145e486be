/// What a client shows and whom it believes: PEM texts, never paths, so that nothing is read again behind the caller's back.
package struct Credentials: Sendable, Equatable {
    /// Certificates of the authorities that may sign the server's certificate.
    package var authorityPEM: String
    /// The client's certificate chain, leaf first.
    package var certificatePEM: String
    /// The private key of the leaf.
    package var keyPEM: String

    package init(authorityPEM: String, certificatePEM: String, keyPEM: String) {
        self.authorityPEM = authorityPEM
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }
}

/// Where an API server listens and how to be known there.
package struct Endpoint: Sendable, Equatable {
    /// `https://host:port`, without a path.
    package var url: String
    package var credentials: Credentials

    package init(url: String, credentials: Credentials) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.credentials = credentials
    }
}
