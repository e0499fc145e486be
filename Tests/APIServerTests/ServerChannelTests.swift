import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing
import TidemillAPIServer
import TidemillDaemon
import TidemillWire

@Suite struct ServerChannelTests {
    @Test func `a client without a certificate is refused by the handshake`() async throws {
        try await withServer { test async throws in
            let client = try await test.client(with: nil)
            await #expect(throws: (any Error).self) { try await client.get("/version") }
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
            let client = try await test.client(with: identity)
            await #expect(throws: (any Error).self) { try await client.get("/version") }
        }
    }

    @Test func `a server's certificate is no client certificate`() async throws {
        try await withServer { test async throws in
            let client = try await test.client(with: test.certificates.server)
            await #expect(throws: (any Error).self) { try await client.get("/version") }
        }
    }

    @Test func `connections of a revoked certificate are closed and the others stay`() async throws {
        try await withServer { test async throws in
            let tom = try await test.client("tom")
            #expect(try await tom.get("/version").code == 200)
            #expect(try await test.admin.get("/version").code == 200)
            #expect(await test.server.connections.count == 2)
            #expect(await test.server.connections.close { $0.user == "tom" } == 1)
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

    @Test(.timeLimit(.minutes(1))) func `a connection that says nothing is closed at the deadline`() async throws {
        var limits = ServerLimits()
        limits.setup = .milliseconds(50)
        try await withServer(limits: limits) { test async throws in
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: test.address.host, port: test.address.port).get()
            try await channel.closeFuture.get()
            #expect(!channel.isActive)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `an idle connection is closed and a watch is not idle`() async throws {
        var limits = ServerLimits()
        limits.idle = .milliseconds(200)
        try await withServer(limits: limits) { test async throws in
            var lines = Lines(try await test.admin.stream(.GET, Path.nodes + "?watch=true"))
            let context = try NIOSSLContext(configuration: test.admin.tls)
            let silent = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: nil))
                    }
                }
                .connect(host: test.address.host, port: test.address.port).get()
            try await silent.closeFuture.get()
            let other = try await test.client("other", groups: [Peer.mastersGroup])
            #expect(try await other.post(Path.nodes, nodeText("a")).code == 201)
            let event = try await lines.next()
            #expect(event?["type"] == "ADDED")
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
            let late = try await test.client("late")
            await #expect(throws: (any Error).self) { try await late.get("/version") }
            #expect(try await test.admin.get("/version").code == 200)
        }
    }
}
