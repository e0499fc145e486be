@preconcurrency import Dispatch
import Foundation

/// Standard output and standard error, written at the pace of whoever reads them, on a thread of its own.
enum StandardOutput {
    private static let queue = DispatchQueue(label: "tidemill.output")

    /// Writes all of `bytes`; false when nobody reads them any more.
    static func write(_ bytes: [UInt8], to descriptor: Int32) async -> Bool {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: writeNow(bytes, descriptor)) }
        }
    }

    private static func writeNow(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // A terminal or pipe that somebody else set not to block.
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&entry, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
