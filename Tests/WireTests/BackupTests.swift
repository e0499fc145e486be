import Testing
import TidemillSeams
import TidemillWire

@Suite struct BackupTests {
    /// From FIPS 180-4's examples, and one whose padding takes a block of its own.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func `the sum is SHA-256`(text: String, sum: String) {
        var whole = SHA256()
        whole.update(Array(text.utf8))
        #expect(whole.hexadecimal == sum)
        var pieces = SHA256()
        var rest = Array(text.utf8)[...]
        var size = 1
        while !rest.isEmpty {
            pieces.update(rest.prefix(size))
            rest = rest.dropFirst(size)
            size = size * 3 % 997 + 1
        }
        #expect(pieces.hexadecimal == sum)
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func `values are base64`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Z===", "Zh==", "Zm 9", "=Zg=", "Zg==Zg==", "Zm9\u{e9}"])
    func `other texts are no base64`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func `every byte comes back, whatever the pieces in which it arrives`() throws {
        var generator = SeededGenerator(seed: 11)
        let entries = (0..<50).map { index in
            let size = Int(generator.next() % 200)
            return BackupEntry(
                key: "k/\(100 + index)", value: (0..<size).map { _ in UInt8(truncatingIfNeeded: generator.next()) },
                created: Revision(2), revision: Revision(Int64(2 + index)))
        }
        let header = BackupHeader(
            incarnation: IncarnationID("i"), ancestors: [IncarnationID("h")], base: 7, revision: Revision(60))
        var writer = BackupWriter()
        var bytes = writer.header(header)
        for entry in entries { bytes += writer.entry(entry) }
        bytes += writer.footer()
        for size in [1, 7, 4096] {
            var reader = BackupReader()
            var seen: [BackupEntry] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                try reader.read(bytes[start..<min(start + size, bytes.count)]) { seen.append($0) }
            }
            #expect(try reader.finish() == header)
            #expect(seen == entries)
            #expect(reader.bytes == bytes.count)
        }
    }

    @Test func `an entry out of order or newer than its backup is refused`() throws {
        let header = BackupHeader(
            incarnation: IncarnationID("i"), ancestors: [], base: 0, revision: Revision(5))
        for keys in [["b", "a"], ["a", "a"]] {
            var writer = BackupWriter()
            var bytes = writer.header(header)
            for key in keys {
                bytes += writer.entry(BackupEntry(key: key, value: [1], created: Revision(2), revision: Revision(2)))
            }
            var reader = BackupReader()
            #expect(throws: BackupError.self) { try reader.read(bytes) }
        }
        var writer = BackupWriter()
        let bytes =
            writer.header(header)
            + writer.entry(BackupEntry(key: "a", value: [1], created: Revision(2), revision: Revision(6)))
        var reader = BackupReader()
        #expect(throws: BackupError.self) { try reader.read(bytes) }
    }
}
