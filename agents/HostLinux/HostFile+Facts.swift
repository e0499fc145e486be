import Glibc

extension HostFile {
    /// Size and time of the last change of a plain file.
    package struct Facts: Hashable, Sendable {
        package var bytes: Int64
        package var changedNanoseconds: Int64
    }

    /// Nil when there is no such file, or it is not a plain one.
    package static func facts(_ path: String) -> Facts? {
        var found = stat()
        guard lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return nil }
        return Facts(
            bytes: Int64(found.st_size),
            changedNanoseconds: Int64(found.st_mtim.tv_sec) * 1_000_000_000 + Int64(found.st_mtim.tv_nsec))
    }
}
