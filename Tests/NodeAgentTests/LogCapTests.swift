import Testing
import TidemillNodeAgent

@Suite struct LogCapTests {
    private static func file(
        _ tenant: String, _ path: String, _ bytes: Int64, changed: Int64, isRotated: Bool = true
    ) -> LogCap.File {
        LogCap.File(
            tenant: tenant, path: path, isRotated: isRotated, bytes: bytes, changedNanoseconds: changed)
    }

    @Test func `the oldest rotated files of a tenant that has too much go first`() {
        let files = [
            Self.file("a", "1/log", 50, changed: 1, isRotated: false), Self.file("a", "1/log.1", 40, changed: 9),
            Self.file("a", "1/log.2", 40, changed: 5), Self.file("a", "2/log.1", 40, changed: 7),
        ]
        #expect(LogCap.excess(files, most: 170).isEmpty)
        #expect(LogCap.excess(files, most: 169) == ["1/log.2"])
        #expect(LogCap.excess(files, most: 100) == ["1/log.2", "2/log.1"])
        #expect(LogCap.excess(files, most: 0) == ["1/log.2", "2/log.1", "1/log.1"], "what is being written stays")
    }

    @Test func `what one tenant has costs no other anything`() {
        let files = [Self.file("a", "a", 1000, changed: 1), Self.file("b", "b", 10, changed: 0)]
        #expect(LogCap.excess(files, most: 100) == ["a"])
    }
}
