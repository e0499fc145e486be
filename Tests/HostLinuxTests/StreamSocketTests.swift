import Foundation
import Testing
import TidemillSeams

@testable import TidemillHostLinux

@Suite struct StreamSocketTests {
    private let folder = "/tmp/tidemill-socket-\(KernelRandomness().uuid())"

    /// A program in the place of the shim, as a session of the agent.
    private func session(_ script: String) throws -> (process: ProcessHandle, socket: StreamSocket) {
        try HostFile.makeFolder(folder)
        let (text, program) = ("\(folder)/text", "\(folder)/program")
        try HostFile.writeDurably(Array("#!/bin/sh\n\(script)\n".utf8), to: text, mode: 0o700)
        // Not by this process: what another test starts meanwhile would hold it open for writing, and nobody could run it.
        let copying = try Process.run(URL(fileURLWithPath: "/bin/cp"), arguments: [text, program])
        copying.waitUntilExit()
        #expect(copying.terminationStatus == 0)
        return try ShimLauncher(program: program).launchSession(
            spec: Array("spec".utf8), specPath: "\(folder)/spec", complaintsPath: "\(folder)/complaints")
    }

    private func removeFolder() throws { try HostFile.removeFlatFolder(folder) }

    @Test func `more than a socket holds goes both ways, at the pace of the slower side`() async throws {
        let (process, socket) = try session("exec cat <&0 >&0")
        let bytes = (0..<2_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let back = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask {
                let isSent = try await socket.write(bytes)
                #expect(isSent)
                return []
            }
            group.addTask {
                var back: [UInt8] = []
                while back.count < bytes.count, let chunk = try await socket.read() { back += chunk }
                return back
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(back == bytes)
        socket.hangUp()
        #expect(try await socket.read() == nil)
        #expect(await process.exit() != nil)
        try removeFolder()
    }

    @Test func `the program has its spec, the socket, and no other descriptor`() async throws {
        // One that an exec would not close.
        let open = fcntl(2, F_DUPFD, 500)
        defer { close(open) }
        let (process, socket) = try session("echo \"$1 $(cat $2) $(ls /proc/$$/fd | tr '\\n' ' ')\" >&0; echo woe >&2")
        var said: [UInt8] = []
        while let chunk = try await socket.read() { said += chunk }
        let words = String(decoding: said, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(words.prefix(2) == ["exec", "spec"] && words.count > 4)
        #expect(open >= 500 && !words.contains(String(open)))
        #expect(await process.exit() == .exited(0))
        #expect(try HostFile.readText("\(folder)/complaints") == "woe")
        try removeFolder()
    }

    @Test func `reading ends when the reader is cancelled, and when the other side is gone`() async throws {
        let (process, socket) = try session("exec sleep 1000")
        try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await socket.read() }
            group.cancelAll()
            let first = try await group.next()
            #expect(first == .some(nil))
        }
        try process.signal(SIGKILL)
        #expect(try await socket.read() == nil)
        #expect(await process.exit() == .signalled(SIGKILL))
        #expect(try await socket.write([1]) == false)
        try removeFolder()
    }
}
