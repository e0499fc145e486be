import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillSeams

/// No command and no client makes a session's parent, which no limit of a tenant holds, stay or grow.
@Suite(.enabled(if: isRoot, "slices to enter need root"), .serialized) struct SessionEndTests {
    private let tests = SessionTests()

    /// Memory of a process that it shares with nobody and that was written to.
    private func privateBytes(_ pid: Int32) throws -> Int {
        let text = try HostFile.readText("/proc/\(pid)/smaps_rollup")
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Private_Dirty:") }) else { return 0 }
        return (Int(line.split(separator: " ")[1]) ?? 0) << 10
    }

    @Test func `what others write when a command has ended is neither kept nor waited for`() async throws {
        try await tests.withTask { bench, started in
            let script = "echo first; for i in 1 2 3 4; do yes & done; sleep 0.5; exit 3"
            let spec = ExecSpec(in: bench.spec, started, command: ["sh", "-c", script], terminal: nil)
            let silent = try SessionTests.Session(bench, spec)
            let deaf = silent.process.pid
            // Nobody reads: whatever its writers do, it holds what its bounds say.
            let grows = try eventually(2) { try privateBytes(deaf) > 6 << 20 }
            let bytes = try privateBytes(deaf)
            #expect(!grows, "\(bytes) bytes")
            let begun = SystemClock().now()
            let heard = try await silent.listen()
            #expect(heard.output.hasPrefix("first\n") || heard.output.contains("first\n"))
            #expect(heard.last == .exit(code: 3, signal: nil), "\(heard.frames.count) frames")
            #expect(SystemClock().now() < begun + .seconds(5))
            await silent.end()
        }
    }

    @Test func `all that a command wrote before its end is told`() async throws {
        try await tests.withTask { bench, started in
            // As much as a pipe holds, and a reader that comes late; a second holder keeps the pipe open.
            let script = "sleep 1000 & head -c 60000 /dev/zero; head -c 50000 /dev/zero >&2; kill $!; exit 4"
            let spec = ExecSpec(in: bench.spec, started, command: ["sh", "-c", script], terminal: nil)
            let session = try SessionTests.Session(bench, spec)
            let heard = try await session.listen()
            #expect(heard.output.utf8.count == 60000 && heard.errors.utf8.count == 50000)
            #expect(heard.last == .exit(code: 4, signal: nil), "\(heard.frames.count) frames")
            await session.end()
        }
    }

    @Test func `the oom killer does not spare a session's parent`() async throws {
        try await tests.withTask { bench, started in
            let spec = ExecSpec(in: bench.spec, started, command: ["sh", "-c", "echo in; sleep 1000"], terminal: nil)
            let own = "/proc/self/oom_score_adj"
            let before = try HostFile.readText(own)
            guard (try? HostFile.write("-10", to: own)) != nil else { return }  // needs a right that may be missing
            let session = try SessionTests.Session(bench, spec)
            try HostFile.write(before, to: own)
            try await session.listen { $0.output == "in\n" }
            #expect(try HostFile.readText("/proc/\(session.process.pid)/oom_score_adj") == "0")
            await session.end()
        }
    }

    @Test func `a slice ends although nobody listens to its session, whatever the session left behind`() async throws {
        for isFiltered in [true, false] {
            let broken = isFiltered ? "" : "omit:seccomp"
            try await tests.withTask(broken: broken) { bench, started in
                // With CLONE_PARENT, where nothing refuses it, a child of the session's parent.
                let script = "syscall(\(Call.clone), 0x8011, 0, 0, 0, 0); exec 'head', '-c', '3000000', '/dev/zero'"
                let spec = ExecSpec(in: bench.spec, started, command: ["perl", "-e", script], terminal: nil)
                let session = try SessionTests.Session(bench, spec, broken: broken)
                try await session.listen { !$0.output.isEmpty }
                // Long enough for every buffer to be full.
                let begun = SystemClock().now()
                #expect(eventually { SystemClock().now() > begun + .seconds(1) })
                bench.spec.stopGrace = .milliseconds(100)
                try bench.shim?.signal(SIGTERM)
                _ = try bench.awaitEnd(10)
                // Its client is still there and reads nothing.
                #expect(eventually(10) { !isAlive(session.process.pid) })
                await session.end()
            }
        }
    }

    @Test func `a slice ends although a client floods its session`() async throws {
        try await tests.withTask { bench, started in
            let spec = ExecSpec(
                in: bench.spec, started, command: ["sh", "-c", "echo in; sleep 1000"],
                terminal: .init(rows: 20, columns: 20))
            let session = try SessionTests.Session(bench, spec)
            try await session.listen { $0.output.contains("in") }
            let flood = (0..<20_000).flatMap { ExecFrame.resize(rows: 20, columns: UInt16(20 + $0 % 9)).bytes }
            let socket = try #require(session.socket)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    // Until the other end is gone.
                    while (try? await socket.write(flood)) == true {}
                }
                _ = try? bench.shim?.signal(SIGKILL)  // seen below
                #expect(eventually(10) { !isAlive(session.process.pid) && !isAlive(started.initProcess.pid) })
                await session.end()
            }
        }
    }
}

/// Numbers of system calls that a test makes by hand.
enum Call {
    #if arch(x86_64)
    static let clone = 56
    static let socket = 41
    static let socketpair = 53
    #else
    static let clone = 220
    static let socket = 198
    static let socketpair = 199
    #endif
}
