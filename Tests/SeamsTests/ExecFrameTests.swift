import Testing
import TidemillSeams

@Suite struct ExecFrameTests {
    private let frames: [ExecFrame] = [
        .started, .input([1, 2, 0]), .input([]), .output(Array("out".utf8)), .errors([255]),
        .resize(rows: 24, columns: 300), .exit(code: 7, signal: nil), .exit(code: nil, signal: 9), .failed("no ü"),
    ]

    @Test func `frames come out as they went in, however the bytes are cut`() throws {
        let bytes = frames.flatMap(\.bytes)
        for size in [1, 2, 3, 5, 7, bytes.count] {
            var reader = ExecFrameReader()
            var found: [ExecFrame] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                reader.append(bytes[start..<min(bytes.count, start + size)])
                while let frame = try reader.next() { found.append(frame) }
            }
            #expect(found == frames, "\(size)")
            #expect(!reader.isMidFrame)
        }
    }

    @Test func `the bytes are those that the other side expects`() {
        #expect(ExecFrame.resize(rows: 24, columns: 300).bytes == [4, 0, 0, 0, 4, 0, 24, 1, 44])
        #expect(
            ExecFrame.exit(code: nil, signal: 9).bytes == [3, 0, 0, 0, 8, 255, 255, 255, 255, 0, 0, 0, 9])
    }

    @Test func `long output is cut into frames that may be sent`() {
        let long = (0..<(ExecFrame.mostBytes * 2 + 1)).map { UInt8(truncatingIfNeeded: $0) }
        let pieces = ExecFrame.pieces(long) { .output($0) }
        #expect(pieces.map(\.bytes.count) == [65541, 65541, 6])
        #expect(ExecFrame.pieces([]) { .output($0) }.isEmpty)
    }

    @Test func `what is no frame is refused`() {
        for (bytes, error): ([UInt8], ExecFrameError) in [
            ([7, 0, 0, 0, 0], .unknownKind(7)), ([1, 0, 1, 0, 1], .tooLong(65537)),
            ([3, 0, 0, 0, 1, 9], .wrongLength(kind: 3, count: 1)),
            ([6, 0, 0, 0, 1, 9], .wrongLength(kind: 6, count: 1)),
        ] {
            var reader = ExecFrameReader()
            reader.append(bytes)
            #expect(throws: error) { try reader.next() }
        }
    }
}

@Suite struct BrokenTests {
    @Test func `a comma list says what is broken`() {
        let broken = Broken("fence,omit:caps,omit:mounts,lose:proc,die-at:12")
        #expect(broken.isFence && broken.omitted == ["caps", "mounts"] && broken.dieAt == 12)
        #expect(broken.lost == ["proc"])
        #expect(broken.omits("caps") && broken.omits("proc") && !broken.omits("cpu"))
        let nothing = Broken.nothing
        #expect(!nothing.isFence && nothing.omitted.isEmpty && nothing.dieAt == nil)
    }
}
