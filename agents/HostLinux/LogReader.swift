import CHost
import Glibc

/// Reads a task's log, which its shim rotates: `PATH`, older `PATH.1`, `PATH.2`, ….
///
/// Holds the file that it reads open, so that a rotation meanwhile loses nothing; only what was rotated out of existence
/// is skipped.
package struct LogReader: ~Copyable {
    /// The current file first, then older ones.
    private let names: [String]
    private var descriptor: Int32 = -1
    private var inode: UInt64 = 0

    /// - Parameter files: how many files the shim keeps, the current one included.
    /// - Parameter tailLines: start so many lines before the present end; nil starts at the oldest byte.
    package init(path: String, files: Int, tailLines: Int? = nil) throws(HostError) {
        names = (0..<max(1, files)).map { $0 == 0 ? path : "\(path).\($0)" }
        if let tailLines {
            try openTail(lines: max(0, tailLines))
        } else {
            openOldest()
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The next bytes, at most `limit`; empty when everything that is there was read. Ask again later to follow.
    package mutating func next(limit: Int = 64 << 10) throws(HostError) -> [UInt8] {
        if descriptor < 0 { openOldest() }
        if descriptor < 0 { return [] }
        while true {
            // Looked up before reading: when the file was rotated already, an empty read means that it is complete.
            let newer = nextNewer()
            let bytes = try readSome(limit)
            if !bytes.isEmpty { return bytes }
            guard let newer, open(newer) else { return [] }
        }
    }

    /// Reads on for ever, giving pieces to `emit` and calling `pause` when there is nothing new. `pause` waits a moment
    /// (the caller owns the clock) and returns whether the log may still grow; after false, what is left is emitted and
    /// the call returns.
    package mutating func follow(
        pause: () async throws -> Bool, emit: ([UInt8]) async throws -> Void
    ) async throws {
        var mayGrow = true
        while true {
            let bytes = try next()
            if !bytes.isEmpty {
                try await emit(bytes)
            } else if !mayGrow {
                return
            } else {
                mayGrow = try await pause()
            }
        }
    }

    private static func identity(_ path: String) -> UInt64? {
        var facts = stat()
        return stat(path, &facts) == 0 ? UInt64(facts.st_ino) : nil
    }

    /// The file that follows the open one; nil while that is the current one.
    private func nextNewer() -> String? {
        for generation in names.indices where Self.identity(names[generation]) == inode {
            return generation == 0 ? nil : names[generation - 1]
        }
        // Ours was rotated out of existence: go on with the oldest that is left.
        return names.last { Self.identity($0) != nil }
    }

    private mutating func openOldest() {
        for name in names.reversed() where open(name) { return }
    }

    private mutating func open(_ path: String) -> Bool {
        let opened = tm_open_read(path)
        guard opened >= 0 else { return false }
        if descriptor >= 0 { close(descriptor) }
        descriptor = opened
        var facts = stat()
        inode = fstat(opened, &facts) == 0 ? UInt64(facts.st_ino) : 0
        return true
    }

    private func readSome(_ limit: Int) throws(HostError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
            let got = read(descriptor, buffer.baseAddress, limit)
            if got < 0, errno != EINTR { failure = errno }
            initialized = max(0, got)
        }
        if failure != 0 { throw .failed("read", path: names[0], errno: failure) }
        return bytes
    }

    /// Walks backwards from the end, file by file, until enough line ends are found.
    private mutating func openTail(lines: Int) throws(HostError) {
        var wanted = lines
        var isFirstByte = true
        for name in names where open(name) {
            var end = lseek(descriptor, 0, SEEK_END)
            if lines == 0 { return }
            while end > 0 {
                let start = max(0, end - 64 << 10)
                lseek(descriptor, start, SEEK_SET)
                let piece = try readSome(end - start)
                if piece.isEmpty { break }
                for index in piece.indices.reversed() {
                    // The very last line end of the log ends the last line; it does not start another.
                    defer { isFirstByte = false }
                    guard piece[index] == 10, !isFirstByte else { continue }
                    wanted -= 1
                    if wanted == 0 {
                        lseek(descriptor, start + index + 1, SEEK_SET)
                        return
                    }
                }
                end = start
            }
        }
        // Fewer lines than asked for: all of it.
        openOldest()
    }
}
