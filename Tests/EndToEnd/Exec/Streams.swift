import Foundation
import TidemillRig

/// Bytes go in and come out as they are, however many, whoever is slow, and input ends where it ends.
struct Streams: Trial {
    let name = "streams"

    func run(_ rig: Rig) async throws -> Findings {
        var findings = Findings()
        try await rig.start()
        try await rig.host()
        let way = Way.tidemill(rig)

        let silent = try await rig.exec(way, "host", "--", "/usr/bin/wc", "-c")
        findings.check("\(name): without -i input ends at once", silent.text == "0\n", silent.text + silent.errors)
        let none = try await rig.exec(way, "-i", "host", "--", "/usr/bin/wc", "-c")
        findings.check("\(name): an empty input ends", none.text == "0\n", none.text + none.errors)

        let typed = try Command(way, rig, ["exec", "-i", "host", "--", "/bin/cat"], input: .typed)
        try typed.input?.write(contentsOf: Data("one\n".utf8))
        try await Patience.untilTrue("an echo comes while input is open") { typed.outputSoFar == "one\n" }
        try typed.input?.write(contentsOf: Data("two\n".utf8))
        try typed.input?.close()
        let echoed = try await typed.end()
        findings.check(
            "\(name): both directions at once, up to the end of input",
            echoed.text == "one\ntwo\n" && echoed.status == 0, echoed.text + echoed.errors)

        // Every byte value, in an order that no text has; its size is no multiple of any buffer's.
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        let bytes = Data(
            (0..<3_000_017).map { _ in
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return UInt8(truncatingIfNeeded: state)
            })
        let file = "\(rig.folder)/bytes"
        try bytes.write(to: URL(fileURLWithPath: file))
        let back = try await rig.exec(way, "-i", "host", "--", "/bin/cat", input: .file(file))
        findings.check(
            "\(name): three megabytes come back as they went", back.output == Array(bytes) && back.status == 0,
            "\(back.output.count) bytes, status \(back.status) \(back.errors)")
        let unread = try await rig.exec(way, "-i", "host", "--", "/usr/bin/head", "-c", "10", input: .file(file))
        findings.check(
            "\(name): a command that reads little input still tells its end",
            unread.output == Array(bytes.prefix(10)) && unread.status == 0,
            "\(unread.output.count) bytes, status \(unread.status) \(unread.errors)")
        try await slowReader(rig, way, &findings)
        return findings
    }

    /// Nobody reads for a while: the command waits, and neither agent nor client nor controller keeps what it says. What
    /// the kernel holds on the way, up to a hundred megabytes, is its own and not counted; also that goes through them.
    private func slowReader(_ rig: Rig, _ way: Way, _ findings: inout Findings) async throws {
        let (total, pipe) = (192 << 20, Pipe())
        let daemons = [await rig.agent?.pid, await rig.controller?.pid].compactMap(\.self)
        func memory() throws -> [Int] { try daemons.map { try Kernel.memory(of: $0).privateBytes } }
        let idle = try memory()
        func grown() throws -> [Int] { zip(try memory(), idle).map { ($0 - $1) >> 10 } }
        let words = ["/usr/bin/head", "-c", String(total), "/dev/zero"]
        let writer = try Command(way, rig, ["exec", "host", "--"] + words, reader: pipe.fileHandleForWriting)
        try pipe.fileHandleForWriting.close()
        let head = try await Patience.until("the command runs") {
            Set(Kernel.commandLines(containing: words[..<3].joined(separator: "\0"))).intersection(rig.taskProcesses())
                .first
        }
        // Until it stands still, because every buffer on the way is full.
        var written = 0
        try await Patience.untilTrue("the command waits for its reader", every: .seconds(1)) {
            let before = written
            written = try Kernel.writtenBytes(by: head)
            return written > 0 && written == before
        }
        findings.check("\(name): a slow reader slows the command", writer.isRunning && written < total)
        let waiting = try grown()
        findings.check(
            "\(name): and what it has not read is kept in the command, not on the way", waiting.reduce(0, +) < 12 << 10,
            "of \(written >> 20) MiB, agent and controller grew by \(waiting) KiB")
        var count = 0
        var isZero = true
        while let chunk = try pipe.fileHandleForReading.read(upToCount: 256 << 10), !chunk.isEmpty {
            count += chunk.count
            isZero = isZero && chunk.allSatisfy { $0 == 0 }
        }
        let ended = try await writer.end()
        findings.check(
            "\(name): a slow reader gets everything", count == total && isZero && ended.status == 0,
            "\(count) of \(total) bytes, status \(ended.status) \(ended.errors)")
        let afterwards = try grown()
        findings.check(
            "\(name): and nothing of it stays", afterwards.reduce(0, +) < 12 << 10,
            "of \(total >> 20) MiB, agent and controller grew by \(afterwards) KiB")
        say(
            "\(name): agent and controller grew by \(waiting) KiB with \(written >> 20) MiB on the way, by \(afterwards) KiB afterwards"
        )
    }
}
