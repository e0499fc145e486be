import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import TidemillAPIServer
import TidemillDaemon
import Testing

@Suite struct ServerChannelTests {
    @Test func `a client without a certificate is refused by the handshake`() async throws {
        try await withServer { test async throws in
            let client = try TestClient(
                test.address, authorityPEM: test.certificates.authority.certificatePEM, identity: nil)
            await #expect(throws: (any Error).self) { try await client.get("/version") }
            try await client.shutdown()
            #expect(try await test.admin.get("/version").code == 200)
        }
    }

    @Test func `a certificate of a foreign authority is refused by the handshake`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let foreign = try CertificateAuthority.open(folder: folder.path, time: SystemTime())
        let identity = try foreign.issueClient(
            commonName: "admin", organizations: [Peer.mastersGroup], time: SystemTime())
        try await withServer { test async throws in
            let client = try TestClient(
                test.address, authorityPEM: test.certificates.authority.certificatePEM, identity: identity)
            await #expect(throws: (any Error).self) { try await client.get("/version") }
            try await client.shutdown()
        }
    }

    @Test func `a server's certificate is no client certificate`() async throws {
        try await withServer { test async throws in
            let client = try TestClient(
                test.address, authorityPEM: test.certificates.authority.certificatePEM,
                identity: test.certificates.server)
            await #expect(throws: (any Error).self) { try await client.get("/version") }
            try await client.shutdown()
        }
    }

    @Test func `connections of a revoked certificate are closed and the others stay`() async throws {
        try await withServer { test async throws in
            let tom = try test.client("tom")
            #expect(try await tom.get("/version").code == 200)
            #expect(try await test.admin.get("/version").code == 200)
            #expect(await test.server.connections.count == 2)
            #expect(await test.server.connections.close { $0.user == "tom" } == 1)
            try await tom.shutdown()
            #expect(try await test.admin.get("/version").code == 200)
        }
    }

    @Test func `what is not HTTP is answered with a Status`() async throws {
        try await withServer { test async throws in
            let answer = try await test.admin.send(
                .GET, "/version", headers: [("X-Long", String(repeating: "a", count: 40 << 10))])
            #expect(answer.code == 400)
            #expect(answer.reason == "BadRequest")
        }
    }

    @Test func `a rotated authority refuses new connections of the old one and keeps open ones`() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let other = try CertificateAuthority.open(folder: folder.path, time: SystemTime())
        try await withServer { test async throws in
            #expect(try await test.admin.get("/version").code == 200)
            var material = TLSMaterial(test.certificates)
            material.clientAuthoritiesPEM = other.certificatePEM
            try test.server.tls.replace(with: material)
            let late = try test.client("late")
            await #expect(throws: (any Error).self) { try await late.get("/version") }
            try await late.shutdown()
            #expect(try await test.admin.get("/version").code == 200)
        }
    }
}
