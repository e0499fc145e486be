import Glibc

/// Keeps a second agent with the same identity from this machine: an abstract unix socket named for the machine's id, which
/// the kernel frees with its holder, however it ends. The lock on the state folder does not see a copy of the folder; this
/// does, since a copy has the same instance key and so the same id.
package final class IdentityLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `.unexpected` with a sentence when another process holds it.
    package init(machineID: String) throws(HostError) {
        let opened = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard opened >= 0 else { throw .failed("open a socket for", path: "the machine's identity", errno: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // The leading NUL makes the name abstract: it is in no file system.
        let name = [0] + Array("tidemill-agent/\(machineID)".utf8.prefix(100))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2) + socklen_t(name.count)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(opened, $0, length) }
        }
        guard result == 0 else {
            let number = errno
            close(opened)
            guard number == EADDRINUSE else { throw .failed("bind", path: "the machine's identity", errno: number) }
            throw .unexpected(
                "another agent with this identity runs on this machine already: is the state folder a copy of its? Give each agent a state folder of its own, and remove `instance-key` from the copy"
            )
        }
        descriptor = opened
    }

    deinit {
        close(descriptor)
    }
}
