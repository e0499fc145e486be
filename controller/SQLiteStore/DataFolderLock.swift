import Glibc
import TidemillStore

/// Holds a data folder for one controller, as long as the value lives. The kernel gives it back when the process ends,
/// however it ends.
package final class DataFolderLock: Sendable {
    private let descriptor: Int32

    /// Throws `.failed` when another process holds the folder, or when it cannot be written, and `.full` on a full disk.
    package init(folder: String) throws(StoreError) {
        let path = folder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            let reason = errno
            if reason == ENOSPC || reason == EDQUOT { throw .full("no space left for \(path)") }
            throw .failed("cannot open \(path): \(String(cString: strerror(reason)))")
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let reason = errno
            close(descriptor)
            throw .failed(
                reason == EWOULDBLOCK
                    ? "the data folder \(folder) is in use by another controller"
                    : "cannot lock \(path): \(String(cString: strerror(reason)))")
        }
    }

    deinit {
        close(descriptor)
    }
}
