import Testing
import TidemillAPIServer
import TidemillDaemon
import TidemillSeams

/// A wall clock that stands where it was put.
struct FixedTime: TimeSource {
    var seconds: Int64
    func now() -> Instant { Instant(nanoseconds: 0) }
    func wall() -> WallTime { WallTime(nanosecondsSince1970: seconds * 1_000_000_000) }
}

@Suite struct CertificateFolderTests {
    private let start: Int64 = 1_795_000_000
    private let day: Int64 = 86_400

    @Test func `every file is readable by its owner only`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let made = try CertificateFolder(path: folder.path, time: FixedTime(seconds: start))
        try made.writeKubeconfig(server: "https://127.0.0.1:1")
        #expect(
            folder.files == ["admin.key", "admin.pem", "ca.key", "ca.pem", "kubeconfig", "server.key", "server.pem"])
        for name in folder.files { #expect(folder.mode(name) == 0o600, "\(name)") }
    }

    @Test func `a second start keeps every certificate`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let first = try CertificateFolder(path: folder.path, time: FixedTime(seconds: start))
        let second = try CertificateFolder(path: folder.path, time: FixedTime(seconds: start + 300 * day))
        #expect(second.authority.certificatePEM == first.authority.certificatePEM)
        #expect(second.server.certificatePEM == first.server.certificatePEM)
        #expect(second.admin.certificatePEM == first.admin.certificatePEM)
    }

    @Test func `certificates that end within 30 days are made anew by the same authority`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let first = try CertificateFolder(path: folder.path, time: FixedTime(seconds: start))
        let later = try CertificateFolder(path: folder.path, time: FixedTime(seconds: start + 336 * day))
        #expect(later.authority.certificatePEM == first.authority.certificatePEM)
        #expect(later.server.certificatePEM != first.server.certificatePEM)
        #expect(later.admin.certificatePEM != first.admin.certificatePEM)
    }

    @Test func `another name for the server makes its certificate anew and no other`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let first = try CertificateFolder(path: folder.path, time: FixedTime(seconds: start))
        let named = try CertificateFolder(
            path: folder.path, names: ["mill.example", "10.0.0.7"], time: FixedTime(seconds: start))
        #expect(named.server.certificatePEM != first.server.certificatePEM)
        #expect(named.admin.certificatePEM == first.admin.certificatePEM)
        let again = try CertificateFolder(
            path: folder.path, names: ["mill.example", "10.0.0.7"], time: FixedTime(seconds: start))
        #expect(again.server.certificatePEM == named.server.certificatePEM)
    }

    @Test func `a lost authority key is an error that names the file`() throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        _ = try CertificateFolder(path: folder.path, time: FixedTime(seconds: start))
        folder.removeFile("ca.key")
        #expect(throws: CertificateError.keyMissing(path: folder.path + "/ca.key")) {
            try CertificateFolder(path: folder.path, time: FixedTime(seconds: start))
        }
    }

    @Test func `a node's files are the authority, its certificate and its key`() throws {
        let folder = try TemporaryFolder()
        let node = try TemporaryFolder()
        defer {
            folder.remove()
            node.remove()
        }
        try CertificateFolder.issueNode(
            NodeID("gpu-01"), from: folder.path, into: node.path, time: FixedTime(seconds: start))
        #expect(node.files == ["ca.pem", "node.key", "node.pem"])
        for name in node.files { #expect(node.mode(name) == 0o600, "\(name)") }
    }
}
