import Glibc

/// A folder of one test.
struct TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/tidemill-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    struct Failure: Error {
        var code: Int32
    }

    /// Removes the folder and the files in it.
    func remove() {
        for name in files { unlink(path + "/" + name) }
        rmdir(path)
    }

    /// The names of the files in it, in order.
    var files: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The permission bits of a file in it.
    func mode(_ name: String) -> UInt32 {
        var info = stat()
        stat(path + "/" + name, &info)
        return info.st_mode & 0o777
    }
}

extension TemporaryFolder {
    func removeFile(_ name: String) {
        unlink(path + "/" + name)
    }
}
