import ArgumentParser
import Foundation
import TidemillClient
import TidemillWire

/// `tidemill backup`: all of the store in one file, as of one revision.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write all of the controller's store into one file.",
        discussion: """
            The file is verified while it arrives and appears under its name only when it is whole. It holds everything that \
            anyone ever declared, but no certificates and not nodes.roster: keep copies of the controller's data folder for \
            those.
            """)

    @Option(name: [.customShort("o"), .long], help: "The file to write; its folder must exist.")
    var output: String

    @Flag(name: .long, help: "Replace the file when it exists.")
    var force = false

    @OptionGroup var connection: ConnectionOptions

    func run() async throws {
        if !force, FileManager.default.fileExists(atPath: output) {
            throw Failure("\(output) exists already: name another file, or replace it with --force")
        }
        let file = try BackupFile(output)
        do {
            let reader = try await connection.withSession { session in
                try await Self.copy(session, to: file)
            }
            let header = try file.finish(reader)
            Terminal.say(
                "backup of revision \(header.revision): \(reader.entries) entries, \(reader.bytes) bytes in \(output)")
        } catch {
            file.discard()
            throw error
        }
    }

    private static func copy(_ session: Session, to file: BackupFile) async throws -> BackupReader {
        var reader = BackupReader()
        let stream = try await session.client.stream(
            APIRequest(.get, "/admin/v1/backup", accept: "*/*", timeout: .seconds(24 * 3600)))
        for try await chunk in stream {
            do throws(BackupError) {
                try reader.read(chunk)
            } catch {
                throw Failure("what the server sends is no backup: \(error)")
            }
            try file.write(chunk)
        }
        return reader
    }
}

/// A backup on its way to the disk: FILE.part until it is whole.
struct BackupFile: Sendable {
    private let path: String
    private let descriptor: Int32
    private var part: String { path + ".part" }

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor < 0 {
            let isFolderMissing = errno == ENOENT
            let failure = Self.failure("cannot write \(path).part")
            throw isFolderMissing ? Failure("\(failure.message): make its folder first, or name another file") : failure
        }
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 && errno == EINTR { continue }
            if written < 0 { throw Self.failure("cannot write \(part)") }
            rest = rest.dropFirst(written)
        }
    }

    /// Gives the file its name once all of it is confirmed and on the disk.
    func finish(_ reader: BackupReader) throws -> BackupHeader {
        let header: BackupHeader
        do throws(BackupError) {
            header = try reader.finish()
        } catch {
            throw Failure("the backup did not arrive whole: \(error). Try again")
        }
        guard fsync(descriptor) == 0, rename(part, path) == 0 else { throw Self.failure("cannot write \(path)") }
        close(descriptor)
        let parent = (path as NSString).deletingLastPathComponent
        let folder = open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
        return header
    }

    /// Leaves nothing behind.
    func discard() {
        close(descriptor)
        unlink(part)
    }

    private static func failure(_ what: String) -> Failure {
        Failure("\(what): \(String(cString: strerror(errno)))")
    }
}
