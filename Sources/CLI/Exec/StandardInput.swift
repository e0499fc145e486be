@preconcurrency import Dispatch
import Foundation

/// Standard input, read piece by piece when somebody asks, on a thread of its own: a terminal, a pipe or a file.
final class StandardInput: Sendable {
    private let queue = DispatchQueue(label: "tidemill.input")
    /// Readable once nobody wants more.
    private let wake: (reading: Int32, writing: Int32)

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure("cannot read standard input: \(String(cString: strerror(errno)))") }
        wake = (ends[0], ends[1])
    }

    deinit {
        close(wake.reading)
        close(wake.writing)
    }

    /// What has come, at least a byte; nil at the end, and once a caller was cancelled.
    func next() async -> [UInt8]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: self.read()) }
            }
        } onCancel: {
            var byte: UInt8 = 0
            write(wake.writing, &byte, 1)
        }
    }

    private func read() -> [UInt8]? {
        var entries = [
            pollfd(fd: 0, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake.reading, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            if poll(&entries, nfds_t(entries.count), -1) < 0 {
                if errno == EINTR { continue }
                return nil
            }
            if entries[1].revents != 0 { return nil }
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, initialized in
                count = Foundation.read(0, buffer.baseAddress, buffer.count)
                initialized = max(0, count)
            }
            if count > 0 { return bytes }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            return nil
        }
    }
}
