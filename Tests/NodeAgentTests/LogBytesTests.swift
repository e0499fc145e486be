import Foundation
import Testing
import TidemillNodeAgent

@Suite("LogBytes")
final class LogBytesTests {
    let path = NSTemporaryDirectory() + "log-\(ProcessInfo.processInfo.globallyUniqueString)"

    deinit {
        // Made by the tests; one that is gone is fine.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Grows by a line each time it is asked whether it may, until the lines are used up.
    private actor Writer {
        var lines: [String]
        let path: String

        init(_ lines: [String], path: String) {
            self.lines = lines
            self.path = path
        }

        func mayGrow() -> Bool {
            guard !lines.isEmpty, let file = FileHandle(forWritingAtPath: path) else { return false }
            file.seekToEndOfFile()
            file.write(Data(lines.removeFirst().utf8))
            return !lines.isEmpty
        }
    }

    private func text(_ bytes: LogBytes) async throws -> String {
        var all: [UInt8] = []
        for try await piece in bytes { all += piece }
        return String(decoding: all, as: UTF8.self)
    }

    @Test func `a log that is followed ends with its task and misses nothing, not even the last line`() async throws {
        try Data("one\n".utf8).write(to: URL(fileURLWithPath: path))
        let writer = Writer(["two\n", "three\n", "last"], path: path)
        let bytes = LogBytes(
            path: path, files: 1, tailLines: nil, mayGrow: { await writer.mayGrow() }, sleep: { _ in })
        #expect(try await text(bytes) == "one\ntwo\nthree\nlast")
    }

    @Test(arguments: [(0, ""), (1, "three\n"), (2, "two\nthree\n"), (9, "one\ntwo\nthree\n")])
    func `a tail gives the last lines`(lines: Int, expected: String) async throws {
        try Data("one\ntwo\nthree\n".utf8).write(to: URL(fileURLWithPath: path))
        let bytes = LogBytes(path: path, files: 1, tailLines: lines, mayGrow: { false }, sleep: { _ in })
        #expect(try await text(bytes) == expected)
    }

    @Test func `a log that this node does not have is empty`() async throws {
        #expect(try await text(LogBytes(path: nil, files: 1, tailLines: nil, mayGrow: { true }, sleep: { _ in })) == "")
        #expect(
            try await text(LogBytes(path: path, files: 1, tailLines: nil, mayGrow: { false }, sleep: { _ in })) == "")
    }
}
