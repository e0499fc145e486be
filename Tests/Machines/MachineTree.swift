import Foundation
import Glibc

/// Writes the files of a machine below a folder.
struct MachineTree {
    let root: URL

    private func url(_ path: String) -> URL { root.appendingPathComponent(path) }

    private func makeParent(_ path: String) throws {
        try FileManager.default.createDirectory(
            at: url(path).deletingLastPathComponent(), withIntermediateDirectories: true)
    }

    func folder(_ path: String) throws {
        try FileManager.default.createDirectory(at: url(path), withIntermediateDirectories: true)
    }

    func file(_ path: String, _ text: String) throws {
        try makeParent(path)
        try Data(text.utf8).write(to: url(path))
    }

    func link(_ path: String, _ target: some StringProtocol) throws {
        try makeParent(path)
        guard symlink(String(target), url(path).path) == 0 || errno == EEXIST else {
            throw MachineError("cannot link \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// From a folder below `sys` back to `sys`.
    func up(_ folder: String) -> String {
        String(repeating: "../", count: folder.split(separator: "/").count - 1)
    }

    /// A character device that no driver serves. Where nodes cannot be made, there is none: root and a file system that
    /// takes them are needed.
    func node(_ path: String, _ numbers: String) throws {
        try makeParent(path)
        let parts = numbers.split(separator: ":").compactMap { UInt32($0) }
        guard parts.count == 2 else { throw MachineError("'\(numbers)' is no MAJOR:MINOR") }
        let device = makedev(parts[0], parts[1])
        if mknod(url(path).path, S_IFCHR | 0o600, device) != 0, errno != EEXIST {
            throw MachineError("cannot make the node \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// As gnu_dev_makedev puts them together.
    private func makedev(_ major: UInt32, _ minor: UInt32) -> dev_t {
        let (major, minor) = (UInt64(major), UInt64(minor))
        return dev_t((major & 0xFFF) << 8 | (major & ~0xFFF) << 32 | minor & 0xFF | (minor & ~0xFF) << 12)
    }

    func harm(_ path: String, _ kind: String) throws {
        let target = url(path)
        let bytes = (try? Data(contentsOf: target)) ?? Data()
        // What is to be harmed may be a link, or not be there.
        unlink(target.path)
        switch kind {
        case "truncated": try bytes.prefix(bytes.count / 2).write(to: target)
        case "binary": try Data((0..<64).map { $0 % 2 == 0 ? 0xFF : 0 }).write(to: target)
        case "loop": try link(path, target.lastPathComponent)
        case "missing": break
        case "directory": try folder(path)
        case "huge": try file(path, String(repeating: "9", count: 40) + "\n")
        default: throw MachineError("'\(kind)' is no way to harm a file")
        }
    }
}
