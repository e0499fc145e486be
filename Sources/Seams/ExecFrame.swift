/// One message of a session in a slice, the same from the CLI through controller and agent to the slice and back.
///
/// On the wire: one byte kind, four bytes big-endian length, then that many bytes, at most `mostBytes`.
package enum ExecFrame: Hashable, Sendable {
    /// To the command's input. Empty: its end.
    case input([UInt8])
    /// The command's standard output; with a terminal, all that it writes.
    case output([UInt8])
    /// The command's standard error.
    case errors([UInt8])
    /// The command ended, by itself or by a signal; the session's last frame.
    case exit(code: Int32?, signal: Int32?)
    /// The terminal has another size.
    case resize(rows: UInt16, columns: UInt16)
    /// Nothing ran, and why; the session's last frame.
    case failed(String)
    /// The command runs inside the slice.
    case started

    /// The longest payload.
    package static let mostBytes = 64 << 10
    static let headBytes = 5

    private var kind: UInt8 {
        switch self {
        case .input: 0
        case .output: 1
        case .errors: 2
        case .exit: 3
        case .resize: 4
        case .failed: 5
        case .started: 6
        }
    }

    private var payload: [UInt8] {
        switch self {
        case .input(let bytes), .output(let bytes), .errors(let bytes): bytes
        case .exit(let code, let signal): Self.bigEndian(code ?? -1) + Self.bigEndian(signal ?? -1)
        case .resize(let rows, let columns): Self.bigEndian(rows) + Self.bigEndian(columns)
        case .failed(let sentence): Array(sentence.utf8.prefix(Self.mostBytes))
        case .started: []
        }
    }

    /// Its bytes. The payload must not exceed `mostBytes`; `pieces` cuts.
    package var bytes: [UInt8] {
        let payload = payload
        return [kind] + Self.bigEndian(UInt32(payload.count)) + payload
    }

    /// As many frames as `bytes` need, none for none.
    package static func pieces(_ bytes: [UInt8], _ frame: ([UInt8]) -> ExecFrame) -> [ExecFrame] {
        stride(from: 0, to: bytes.count, by: mostBytes).map { start in
            frame(Array(bytes[start..<min(bytes.count, start + mostBytes)]))
        }
    }

    private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    init(kind: UInt8, payload: [UInt8]) throws(ExecFrameError) {
        switch (kind, payload.count) {
        case (0, _): self = .input(payload)
        case (1, _): self = .output(payload)
        case (2, _): self = .errors(payload)
        case (3, 8):
            let code = Int32(truncatingIfNeeded: Self.number(payload[..<4]))
            let signal = Int32(truncatingIfNeeded: Self.number(payload[4...]))
            self = .exit(code: code == -1 ? nil : code, signal: signal == -1 ? nil : signal)
        case (4, 4):
            self = .resize(
                rows: UInt16(truncatingIfNeeded: Self.number(payload[..<2])),
                columns: UInt16(truncatingIfNeeded: Self.number(payload[2...])))
        case (5, _): self = .failed(String(decoding: payload, as: UTF8.self))
        case (6, 0): self = .started
        case (3...6, _): throw .wrongLength(kind: kind, count: payload.count)
        default: throw .unknownKind(kind)
        }
    }

    static func number(_ bytes: some Sequence<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Why bytes are no frames; the session cannot go on.
package enum ExecFrameError: Error, Hashable, Sendable {
    case unknownKind(UInt8)
    case wrongLength(kind: UInt8, count: Int)
    case tooLong(Int)
}

/// Makes frames of bytes that come in pieces of any size. Holds at most what it was given and is no whole frame yet.
package struct ExecFrameReader: Sendable {
    private var buffer: [UInt8] = []
    /// How much of the buffer is read.
    private var start = 0

    package init() {}

    /// Whether a frame is begun and not complete.
    package var isMidFrame: Bool { start < buffer.count }

    package mutating func append(_ bytes: some Sequence<UInt8>) {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame; nil when there is none yet.
    package mutating func next() throws(ExecFrameError) -> ExecFrame? {
        let head = ExecFrame.headBytes
        guard buffer.count - start >= head else { return nil }
        let kind = buffer[start]
        guard kind <= 6 else { throw .unknownKind(kind) }
        let count = Int(ExecFrame.number(buffer[(start + 1)..<(start + head)]))
        guard count <= ExecFrame.mostBytes else { throw .tooLong(count) }
        guard buffer.count - start >= head + count else { return nil }
        let payload = Array(buffer[(start + head)..<(start + head + count)])
        start += head + count
        return try ExecFrame(kind: kind, payload: payload)
    }
}
