import CHost
import Glibc

/// Writes a task's output to a file, and starts a new one when it is full: `PATH`, then `PATH.1`, …, the oldest dropped.
///
/// Files are cut between lines where a line ends in time. What cannot be written, on a full disk, is dropped: a task
/// never waits for its log.
struct LogWriter {
    private let path: String
    private let maxBytes: Int
    private let files: Int
    private var descriptor: Int32 = -1
    private var size = 0
    private var endsLine = true
    private var hasComplained = false

    init(path: String, maxBytes: Int64, files: Int) {
        self.path = path
        self.maxBytes = max(4096, Int(maxBytes))
        self.files = max(1, files)
        open()
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let room = max(0, maxBytes - size)
            if rest.count <= room { return put(rest) }
            let fitting = rest.prefix(room)
            if let lineEnd = fitting.lastIndex(of: 10) {
                put(rest[...lineEnd])
                rest = rest[(lineEnd + 1)...]
            } else if size == 0 || !endsLine {
                put(fitting)
                rest = rest.dropFirst(fitting.count)
            }
            rotate()
        }
    }

    private mutating func put(_ piece: Slice<UnsafeRawBufferPointer>) {
        guard let last = piece.last else { return }
        // Counted even when it is dropped: else a full disk would be tried again with every byte.
        size += piece.count
        endsLine = last == 10
        let whole = UnsafeRawBufferPointer(rebasing: piece)
        var done = 0
        while done < whole.count {
            let count = write(descriptor, whole.baseAddress.map { $0 + done }, whole.count - done)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 {
                complainOfLoss(errno)
                return
            }
            done += count
        }
    }

    private mutating func rotate() {
        for generation in stride(from: files - 2, through: 0, by: -1) {
            rename(generation == 0 ? path : "\(path).\(generation)", "\(path).\(generation + 1)")
        }
        if descriptor >= 0 { close(descriptor) }
        if files == 1 { unlink(path) }
        open()
        if size > 0 { restart() }
    }

    /// The full file is still there: it is begun anew, or nothing more is written to it for now.
    private mutating func restart() {
        complainOnce("a full log cannot be moved away, and is begun anew")
        if ftruncate(descriptor, 0) != 0 {
            close(descriptor)
            descriptor = -1
        }
        size = 0
    }

    private mutating func open() {
        descriptor = tm_open_append(path, 0o600)
        if descriptor < 0 { complainOfLoss(-descriptor) }
        size = descriptor < 0 ? 0 : max(0, lseek(descriptor, 0, SEEK_END))
        endsLine = true
    }

    private mutating func complainOfLoss(_ number: Int32) {
        complainOnce("output is being dropped: cannot write \(path): \(describe(number))")
    }

    private mutating func complainOnce(_ sentence: String) {
        if hasComplained { return }
        hasComplained = true
        complain(sentence)
    }
}
