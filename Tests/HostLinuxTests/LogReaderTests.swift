import Glibc
import Testing
import TidemillHostLinux
import TidemillSeams

@Suite struct LogReaderTests {
    private func withLog(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/tidemill-log-test-\(KernelRandomness().uuid())"
        try HostFile.makeFolder(folder)
        defer {
            // Best effort.
            for name in (try? HostFile.names(in: folder)) ?? [] { try? HostFile.remove("\(folder)/\(name)") }
            rmdir(folder)
        }
        try body(folder + "/log")
    }

    private func append(_ text: String, to path: String) throws {
        // Not there yet is empty.
        let before = (try? HostFile.read(path)) ?? []
        let file = try #require(fopen(path, before.isEmpty ? "w" : "a"))
        fputs(text, file)
        fclose(file)
    }

    private func rotate(_ path: String) {
        rename(path + ".1", path + ".2")
        rename(path, path + ".1")
    }

    private func all(_ reader: inout LogReader, limit: Int = 7) throws -> String {
        var text = ""
        while true {
            let bytes = try reader.next(limit: limit)
            if bytes.isEmpty { return text }
            text += String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test func `all files are read, the oldest first`() throws {
        try withLog { path in
            try append("one\n", to: path)
            rotate(path)
            try append("two\n", to: path)
            rotate(path)
            try append("three\n", to: path)
            var reader = try LogReader(path: path, files: 3)
            #expect(try all(&reader) == "one\ntwo\nthree\n")
        }
    }

    @Test(arguments: [
        (0, ""), (1, "5\n"), (2, "4\n5\n"), (3, "3\n4\n5\n"), (4, "2\n3\n4\n5\n"), (5, "1\n2\n3\n4\n5\n"),
        (99, "1\n2\n3\n4\n5\n"),
    ]) func `the tail counts lines across files`(lines: Int, expected: String) throws {
        try withLog { path in
            try append("1\n2\n3\n", to: path)
            rotate(path)
            try append("4\n5\n", to: path)
            var reader = try LogReader(path: path, files: 3, tailLines: lines)
            #expect(try all(&reader) == expected)
        }
    }

    @Test func `a last line without an end is a line`() throws {
        try withLog { path in
            try append("1\n2\n3", to: path)
            var reader = try LogReader(path: path, files: 3, tailLines: 2)
            #expect(try all(&reader) == "2\n3")
        }
    }

    @Test func `the tail of a freshly rotated log is in the older file`() throws {
        try withLog { path in
            try append("1\n2\n", to: path)
            rotate(path)
            try #require(fopen(path, "w").map { fclose($0) } == 0)
            var reader = try LogReader(path: path, files: 3, tailLines: 1)
            #expect(try all(&reader) == "2\n")
        }
    }

    @Test func `following goes across rotations and loses nothing`() throws {
        try withLog { path in
            var reader = try LogReader(path: path, files: 3)
            #expect(try all(&reader) == "")
            try append("a\n", to: path)
            #expect(try all(&reader) == "a\n")
            try append("b\n", to: path)
            rotate(path)
            try append("c\n", to: path)
            rotate(path)
            try append("d\n", to: path)
            #expect(try all(&reader) == "b\nc\nd\n")
            #expect(try all(&reader) == "")
            try append("e\n", to: path)
            #expect(try all(&reader) == "e\n")
        }
    }

    @Test func `what was rotated out of existence is skipped, not waited for`() throws {
        try withLog { path in
            try append("a\n", to: path)
            var reader = try LogReader(path: path, files: 2)
            #expect(try all(&reader) == "a\n")
            rotate(path)
            try append("b\n", to: path)
            rotate(path)
            unlink(path + ".2")
            try append("c\n", to: path)
            #expect(try all(&reader) == "b\nc\n")
        }
    }

    @Test func `following ends after the last bytes once the log no longer grows`() async throws {
        let path = "/tmp/tidemill-log-test-\(KernelRandomness().uuid())"
        defer { unlink(path) }
        try append("1\n", to: path)
        var reader = try LogReader(path: path, files: 2)
        var text = ""
        var pauses = 0
        try await reader.follow(
            pause: {
                pauses += 1
                try append("more \(pauses)\n", to: path)
                return pauses < 3
            }, emit: { text += String(decoding: $0, as: UTF8.self) })
        #expect(text == "1\nmore 1\nmore 2\nmore 3\n")
    }
}
