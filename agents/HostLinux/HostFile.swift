import CHost
import Glibc

/// Small files of the machine, read and written whole.
package enum HostFile {
    /// Replaces the file so that it survives a power cut once this returns: written beside, synced, renamed, and the
    /// folder synced. The bytes are complete or the old ones are still there.
    package static func writeDurably(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws(HostError) {
        try HostError.check(tm_write_durably(path, bytes, bytes.count, mode), "write", path)
    }

    /// Writes to an existing file in one write, as cgroup files want it.
    package static func write(_ text: String, to path: String) throws(HostError) {
        let bytes = Array(text.utf8)
        try HostError.check(tm_write_file(path, bytes, bytes.count), "write '\(text)' to", path)
    }

    /// The bytes of a file, of at most `limit`.
    package static func read(_ path: String, limit: Int = 1 << 20) throws(HostError) -> [UInt8] {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
            count = tm_read_file(path, buffer.baseAddress, limit)
            initialized = max(0, count)
        }
        try HostError.check(count, "read", path)
        return bytes
    }

    /// The bytes of a file; nil when there is none, and only then: one that cannot be read now, for want of a descriptor or
    /// of a working disk, is an error.
    package static func readIfPresent(_ path: String, limit: Int = 1 << 20) throws(HostError) -> [UInt8]? {
        do throws(HostError) {
            return try read(path, limit: limit)
        } catch .failed(_, _, let number) where number == ENOENT || number == ENOTDIR {
            return nil
        }
    }

    /// The text of a file without white space at its ends.
    package static func readText(_ path: String) throws(HostError) -> String {
        let bytes = try read(path, limit: 1 << 16)
        let blank: (UInt8) -> Bool = { $0 == 10 || $0 == 32 || $0 == 9 || $0 == 0 }
        return String(decoding: bytes.drop(while: blank).reversed().drop(while: blank).reversed(), as: UTF8.self)
    }

    /// Whether something is at `path`, a dangling link included.
    package static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    /// Makes a folder and, unless told otherwise, those above it, each with `mode` when it is new.
    package static func makeFolder(
        _ path: String, mode: UInt32 = 0o755, withParents: Bool = true
    ) throws(HostError) {
        if exists(path) { return }
        if withParents, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeFolder(String(path[..<slash]), mode: mode)
        }
        if mkdir(path, mode) != 0, errno != EEXIST { throw .failed("make the folder", path: path, errno: errno) }
    }

    /// Removes a file; one that is gone is no error.
    package static func remove(_ path: String) throws(HostError) {
        if unlink(path) != 0, errno != ENOENT { throw .failed("remove", path: path, errno: errno) }
    }

    /// Names in a folder, sorted, without `.` and `..`.
    package static func names(in folder: String) throws(HostError) -> [String] {
        guard let entries = opendir(folder) else { throw .failed("list", path: folder, errno: errno) }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// An exclusive lock that lasts as long as the returned value; fails at once, with `sentence`, when another process
    /// holds it. Keeps two agents from one state folder.
    package static func lock(_ path: String, otherwise sentence: String) throws(HostError) -> FileLock {
        let descriptor = tm_lock_file(path)
        if descriptor == -EWOULDBLOCK { throw .unexpected(sentence) }
        try HostError.check(descriptor, "lock", path)
        return FileLock(descriptor: descriptor)
    }
}

/// Holds an flock until it is released or the process ends.
package final class FileLock: Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Whether the locked file is the one that has this name now.
    func isAt(_ path: String) -> Bool {
        var held = stat()
        var named = stat()
        return fstat(descriptor, &held) == 0 && stat(path, &named) == 0
            && held.st_dev == named.st_dev && held.st_ino == named.st_ino
    }

    deinit {
        close(descriptor)
    }
}
