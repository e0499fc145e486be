@preconcurrency import Dispatch
import Glibc

/// A listening unix socket of mode 0600, for those on this machine who may read the agent's run folder.
package final class UnixListener: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Takes the place of a socket that an earlier process left at `path`.
    package init(path: String) throws(HostError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .unexpected("\(path) is too long for a unix socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        unlink(path)
        let opened = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard opened >= 0 else { throw .failed("open a socket for", path: path, errno: errno) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(opened, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, chmod(path, 0o600) == 0, listen(opened, 16) == 0 else {
            let number = errno
            close(opened)
            throw .failed("listen on", path: path, errno: number)
        }
        descriptor = opened
        self.path = path
    }

    deinit {
        unlink(path)
        close(descriptor)
    }

    /// Speaks each time somebody waits to be accepted.
    package func arrivals() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler { continuation.yield() }
        // The handler holds `self`, so that the descriptor outlives the source.
        source.setCancelHandler { withExtendedLifetime(self) {} }
        continuation.onTermination = { _ in source.cancel() }
        source.activate()
        return stream
    }

    /// Accepts one waiting client, reads its request (at most a second), writes `answer` and closes; false when nobody
    /// waits. Blocks: call it on an executor of its own.
    package func serve(_ answer: (_ request: [UInt8]) -> [UInt8]) -> Bool {
        let client = accept(descriptor, nil, nil)
        guard client >= 0 else { return false }
        defer { close(client) }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(client, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        let request = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(0, recv(client, buffer.baseAddress, 4096, 0))
        }
        var rest = answer(request)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent <= 0 { break }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}
