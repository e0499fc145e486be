import Glibc

extension HostFile {
    /// Gives a file another name in its file system; one that is gone is no error.
    package static func rename(_ path: String, to name: String) throws(HostError) {
        if Glibc.rename(path, name) != 0, errno != ENOENT { throw .failed("rename", path: path, errno: errno) }
    }

    /// Removes a folder of plain files with all that is in it; one that is gone is no error. Folders in it are refused.
    package static func removeFlatFolder(_ path: String) throws(HostError) {
        guard exists(path) else { return }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        if rmdir(path) != 0, errno != ENOENT { throw .failed("remove", path: path, errno: errno) }
    }
}
