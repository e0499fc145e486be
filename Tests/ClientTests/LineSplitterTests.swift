import Testing

@testable import TidemillClient

@Suite struct LineSplitterTests {
    private func lines(_ chunks: [String], limit: Int = 100) -> [String] {
        var splitter = LineSplitter(limit: limit)
        var lines: [String] = []
        for chunk in chunks {
            splitter.append(Array(chunk.utf8))
            while let line = splitter.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        if let rest = splitter.rest() { lines.append("rest:" + String(decoding: rest, as: UTF8.self)) }
        return lines
    }

    @Test(arguments: [
        (["a\nb\n"], ["a", "b"]),
        (["a", "b", "\n"], ["ab"]),
        (["one\ntw", "o\nthree"], ["one", "two", "rest:three"]),
        (["\n\n"], ["", ""]),
        (["a\n", "", "b\n"], ["a", "b"]),
        ([], []),
    ])
    func `finds lines wherever the chunks end`(chunks: [String], expected: [String]) {
        #expect(lines(chunks) == expected)
    }

    @Test func `a character that is cut by a chunk comes out whole`() {
        var splitter = LineSplitter(limit: 100)
        let bytes = Array("é\n".utf8)
        splitter.append(bytes[..<1])
        #expect(splitter.next() == nil)
        splitter.append(bytes[1...])
        #expect(splitter.next() == Array("é".utf8))
    }

    @Test func `a line is overlong only beyond the limit`() {
        var splitter = LineSplitter(limit: 4)
        splitter.append(Array("1234".utf8))
        #expect(splitter.next() == nil)
        #expect(!splitter.isOverlong)
        splitter.append(Array("5".utf8))
        #expect(splitter.next() == nil)
        #expect(splitter.isOverlong)
    }
}
