import Glibc

/// Reads and writes small files that only their owner may read (mode 0600).
package enum PrivateFile {
    /// The bytes of `path`; nil when there is no such file. At most 1 MiB.
    package static func read(_ path: String) throws(CertificateError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= 1 << 20 {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            bytes.append(contentsOf: chunk[..<count])
        }
        throw .unreadable(path: path, reason: "larger than 1 MiB")
    }

    /// Puts `bytes` at `path`: whole or not at all, also when the machine loses power meanwhile.
    package static func write(_ bytes: [UInt8], to path: String) throws(CertificateError) {
        let temporary = path + ".new"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure(temporary) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                let error = failure(temporary)
                close(file)
                unlink(temporary)
                throw error
            }
            written += count
        }
        let synced = fsync(file)
        close(file)
        guard synced == 0, rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
        syncFolder(of: path)
    }

    /// Makes `path` and what is missing above it (mode 0700).
    package static func makeFolder(_ path: String) throws(CertificateError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let parent = parent(of: path) else { throw failure(path) }
        try makeFolder(parent)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(path) }
    }

    private static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return nil }
        return String(path[..<slash])
    }

    private static func syncFolder(of path: String) {
        let folder = open(parent(of: path) ?? (path.hasPrefix("/") ? "/" : "."), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private static func failure(_ path: String) -> CertificateError {
        .file(path: path, reason: String(cString: strerror(errno)))
    }
}
