@preconcurrency import Dispatch
import Glibc

/// One end of a stream socket whose other end a child process has. Waits without a thread, at the pace of the other side.
///
/// One reader and one writer at a time.
package final class StreamSocket: Sendable {
    private let descriptor: Int32
    /// The same socket under another number: both directions may be waited for at a time (see `Readiness`).
    private let writing: Int32

    /// Takes over both.
    private init(descriptor: Int32, writing: Int32) {
        self.descriptor = descriptor
        self.writing = writing
    }

    deinit {
        close(descriptor)
        close(writing)
    }

    /// Two connected ends: ours, and one for a child, which the caller closes once the child has it.
    static func pair() throws(HostError) -> (ours: StreamSocket, childs: Int32) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw .failed("make", path: "a pair of sockets", errno: errno)
        }
        // Only ours: the child's may block it.
        let flags = fcntl(ends[0], F_GETFL)
        guard flags >= 0, fcntl(ends[0], F_SETFL, flags | O_NONBLOCK) == 0 else {
            let number = errno
            for end in ends { close(end) }
            throw .failed("make", path: "a socket that does not block", errno: number)
        }
        let writing = fcntl(ends[0], F_DUPFD_CLOEXEC, 0)
        guard writing >= 0 else {
            let number = errno
            for end in ends { close(end) }
            throw .failed("make", path: "a second descriptor of a socket", errno: number)
        }
        return (StreamSocket(descriptor: ends[0], writing: writing), ends[1])
    }

    /// What has come, at least a byte; nil at the end of the stream, or when the caller is cancelled.
    package func read() async throws(HostError) -> [UInt8]? {
        while true {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, initialized in
                count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                initialized = max(0, count)
            }
            if count > 0 { return bytes }
            if count == 0 { return nil }
            switch errno {
            case EINTR: continue
            // The other end is gone with bytes that nobody read.
            case ECONNRESET: return nil
            case EAGAIN:
                await Readiness.wait(DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global()))
            case let number: throw .failed("read", path: "a session's socket", errno: number)
            }
            if Task.isCancelled { return nil }
        }
    }

    /// Writes all of `bytes`. False when the other end is gone, or when the caller is cancelled.
    package func write(_ bytes: [UInt8]) async throws(HostError) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(writing, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EPIPE, ECONNRESET: return false
            case EAGAIN: await Readiness.wait(DispatchSource.makeWriteSource(fileDescriptor: writing, queue: .global()))
            case let number: throw .failed("write", path: "a session's socket", errno: number)
            }
            if Task.isCancelled { return false }
        }
        return true
    }

    /// Ends both directions, as if this process were gone.
    package func hangUp() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
