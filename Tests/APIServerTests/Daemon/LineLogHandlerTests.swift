import Logging
import Synchronization
import Testing
import TidemillDaemon
import TidemillSeams

@Suite struct LineLogHandlerTests {
    private final class Sink: Sendable {
        let lines = Mutex<[String]>([])
    }

    @Test func `a message is one line with level, label and values in order of key`() {
        let sink = Sink()
        var handler = LineLogHandler(
            label: "tidemill.api", level: .info, time: FixedTime(seconds: 1_795_318_529),
            write: { line in sink.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } })
        handler[metadataKey: "zone"] = "north"
        let logger = Logger(label: "tidemill.api") { _ in handler }
        logger.info("two\nlines", metadata: ["address": "127.0.0.1:1", "why": "it \"broke\""])
        logger.debug("not shown")
        #expect(
            sink.lines.withLock { $0 } == [
                "2026-11-22T03:35:29.000Z info tidemill.api: two\\nlines address=127.0.0.1:1 why=\"it \\\"broke\\\"\" zone=north\n"
            ])
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.000Z"), (4_102_444_799, "2099-12-31T23:59:59.000Z"),
        ] as [(Int64, String)]) func `times are written in UTC`(_ seconds: Int64, _ text: String)
    {
        #expect(timestampText(WallTime(nanosecondsSince1970: seconds * 1_000_000_000)) == text)
    }
}
