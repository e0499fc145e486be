import Glibc
import TidemillStore

/// Small steps on files that have reached the disk when they return. Every file is its owner's alone (mode 0600).
enum DurableFile {
    /// The bytes of `path`; nil when there is no such file.
    static func read(_ path: String) throws(StoreError) -> [UInt8]? {
        var bytes: [UInt8] = []
        let isThere = try read(path) { bytes += $0 }
        return isThere ? bytes : nil
    }

    /// Hands the bytes of `path` to `take` piece by piece. False when there is no such file.
    static func read(
        _ path: String, _ take: (ArraySlice<UInt8>) throws(StoreError) -> Void
    ) throws(StoreError) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 {
            if errno == ENOENT { return false }
            throw failure("cannot open", path)
        }
        defer { close(file) }
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count == 0 { return true }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot read", path)
            }
            try take(chunk[..<count])
        }
    }

    /// Puts `bytes` at `path`, whole or not at all.
    static func replace(_ path: String, with bytes: [UInt8]) throws(StoreError) {
        let part = path + ".part"
        try remove(part)
        let file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if file < 0 { throw failure("cannot make", part) }
        do throws(StoreError) {
            try write(bytes, to: file, part)
            close(file)
        } catch {
            close(file)
            unlink(part)
            throw error
        }
        try move(part, to: path)
    }

    /// Writes `bytes` where the open file stands, and waits for the disk.
    static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(StoreError) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure("cannot write", path)
            }
            written += count
        }
        if fsync(file) != 0 { throw failure("cannot write", path) }
    }

    /// Moves a file within its folder.
    static func move(_ from: String, to path: String) throws(StoreError) {
        if rename(from, path) != 0 { throw failure("cannot rename \(from) to", path) }
        try syncFolder(of: path)
    }

    /// Removes a file that may be there.
    static func remove(_ path: String) throws(StoreError) {
        if unlink(path) != 0, errno != ENOENT { throw failure("cannot remove", path) }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Waits until a file's bytes are on the disk.
    static func sync(_ path: String) throws(StoreError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 { throw failure("cannot open", path) }
        defer { close(file) }
        if fsync(file) != 0 { throw failure("cannot write", path) }
    }

    private static func syncFolder(of path: String) throws(StoreError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try sync(folder.isEmpty ? "/" : folder)
    }

    static func failure(_ what: String, _ path: String) -> StoreError {
        let reason = errno
        if reason == ENOSPC || reason == EDQUOT { return .full("no space left for \(path)") }
        return .failed("\(what) \(path): \(String(cString: strerror(reason)))")
    }
}
