import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillNodeCore
import TidemillSeams

/// Sessions in a running slice: inside of every limit and namespace of it, and its streams and end told right.
@Suite(.enabled(if: isRoot, "slices to enter need root"), .serialized) struct SessionTests {
    /// What a session said, from its start to its end.
    struct Heard {
        var frames: [ExecFrame] = []
        var output: String {
            String(
                decoding: frames.flatMap { if case .output(let bytes) = $0 { bytes } else { [UInt8]() } },
                as: UTF8.self)
        }
        var errors: String {
            String(
                decoding: frames.flatMap { if case .errors(let bytes) = $0 { bytes } else { [UInt8]() } },
                as: UTF8.self)
        }
        var last: ExecFrame? { frames.last }
    }

    /// A session that can be spoken to.
    final class Session {
        let process: ProcessHandle
        private(set) var socket: StreamSocket?
        private var reader = ExecFrameReader()
        private(set) var heard = Heard()

        init(_ bench: ShimBench, _ spec: ExecSpec, broken: String = "") throws {
            let launcher = ShimLauncher(program: try ShimBench.findShim(), broken: Broken(broken))
            let path = bench.folder + "/exec-\(KernelRandomness().uuid())"
            (process, socket) = try launcher.launchSession(
                spec: try spec.bytes(), specPath: path, complaintsPath: bench.folder + "/complaints")
        }

        func say(_ frames: ExecFrame...) async throws {
            for frame in frames {
                let isSent = try await socket?.write(frame.bytes)
                #expect(isSent == true)
            }
        }

        /// Listens until `isEnough`, or until the session is over.
        @discardableResult
        func listen(until isEnough: (Heard) -> Bool = { _ in false }) async throws -> Heard {
            while !isEnough(heard), let bytes = try await socket?.read() {
                reader.append(bytes)
                while let frame = try reader.next() { heard.frames.append(frame) }
            }
            return heard
        }

        func hangUp() { socket = nil }

        func end() async {
            _ = try? process.signal(SIGKILL)  // gone already is fine
            _ = await process.exit()
        }
    }

    /// Runs `body` with a contained task that runs.
    func withTask(
        cut: SliceCut = SliceCut(), broken: String = "",
        _ body: (ShimBench, StartedRecord) async throws -> Void
    ) async throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"], cut: cut, broken: broken)
        defer { bench.close() }
        bench.contain()
        bench.spec.environment.append("GREETING=hello")
        let started = try bench.launchAndAwaitStart()
        try bench.awaitRunning("runs")
        try await body(bench, started)
    }

    private func run(
        _ bench: ShimBench, _ started: StartedRecord, _ command: [String], terminal: ExecSpec.Terminal? = nil,
        input: String = ""
    ) async throws -> Heard {
        let session = try Session(bench, ExecSpec(in: bench.spec, started, command: command, terminal: terminal))
        if !input.isEmpty { try await session.say(.input(Array(input.utf8))) }
        try await session.say(.input([]))
        let heard = try await session.listen()
        await session.end()
        return heard
    }

    @Test func `a command's streams and its exit code are told`() async throws {
        try await withTask { bench, started in
            let heard = try await run(
                bench, started, ["sh", "-c", "read line; echo \"$GREETING $line\"; echo bad >&2; exit 7"],
                input: "you\n")
            #expect(heard.frames.first == .started)
            #expect(heard.output == "hello you\n" && heard.errors == "bad\n")
            #expect(heard.last == .exit(code: 7, signal: nil), "\(heard.frames) \(bench.complaints)")
        }
    }

    @Test func `a signal that ends the command is told`() async throws {
        try await withTask { bench, started in
            let heard = try await run(bench, started, ["sh", "-c", "kill -USR1 $$"])
            #expect(heard.last == .exit(code: nil, signal: 10))
        }
    }

    @Test func `a command that cannot run says why`() async throws {
        try await withTask { bench, started in
            let heard = try await run(bench, started, ["no-such-program"])
            #expect(heard.frames.count == 1)
            guard case .failed(let sentence) = heard.last else {
                Issue.record("\(heard.frames)")
                return
            }
            #expect(sentence.contains("no-such-program"))
        }
    }

    @Test func `a session is where the task is`() async throws {
        try await withTask { bench, started in
            let names = ["pid", "mnt", "ipc", "uts", "cgroup", "net"]
            let script = names.map { "readlink /proc/self/ns/\($0)" }.joined(separator: ";")
            let heard = try await run(bench, started, ["sh", "-c", script])
            let its = try names.map { try #require(linkTarget("/proc/\(started.task.pid)/ns/\($0)")) }
            #expect(heard.output.split(separator: "\n").map(String.init) == its)
            // In each of its groups, and seen from there: the root of what it sees.
            let script2 = "cat /proc/self/cgroup | cut -d: -f3 | sort -u; pwd; id -u; ls -A /run | wc -l"
            let place = try await run(bench, started, ["sh", "-c", script2]).output
            #expect(place.split(separator: "\n").suffix(3) == ["/tmp", "\(ContainmentTests.tenant)", "0"])
        }
    }

    @Test func `what a task may not do, its session may not`() async throws {
        try await withTask { bench, started in
            let script = """
                grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | cut -f2 | tr '\\n' ' '
                ulimit -c; unshare -r true || echo refused; cat /proc/self/oom_score_adj
                """
            let heard = try await run(bench, started, ["sh", "-c", script])
            let none = String(repeating: "0", count: 16)
            let own = max(0, Int(try HostFile.readText("/proc/self/oom_score_adj")) ?? 0)
            #expect(heard.output == "\(none) \(none) 1 2 0\nrefused\n\(own)\n", "\(heard.errors)")
        }
        // With a mechanism left out, the same is not refused.
        try await withTask(broken: "omit:seccomp") { bench, started in
            let spec = ExecSpec(in: bench.spec, started, command: ["unshare", "-r", "echo", "x"], terminal: nil)
            let session = try Session(bench, spec, broken: "omit:seccomp")
            let heard = try await session.listen()
            #expect(heard.output == "x\n")
            await session.end()
        }
    }

    @Test func `the slice's memory bounds its sessions`() async throws {
        try await withTask(cut: SliceCut(memoryBytes: 32 << 20)) { bench, started in
            let heard = try await run(
                bench, started, ["sh", "-c", "head -c 64000000 /dev/zero | tail -c 64000000 | wc -c"])
            #expect(!heard.output.contains("64000000"))
            #expect(try bench.awaitEnd().reason == .memoryLimitExceeded)
        }
    }

    @Test func `a terminal has the size that was asked for, and the next one`() async throws {
        try await withTask { bench, started in
            let script =
                "stty size; tty; echo ready; read line; stty size; test -t 0 && test -t 1 && test -t 2 && exit 3"
            let spec = ExecSpec(
                in: bench.spec, started, command: ["sh", "-c", script],
                terminal: ExecSpec.Terminal(rows: 24, columns: 100))
            let session = try Session(bench, spec)
            try await session.listen { $0.output.contains("ready") }
            try await session.say(.resize(rows: 50, columns: 132), .input([10]))
            let heard = try await session.listen()
            await session.end()
            #expect(heard.output.hasPrefix("24 100\r\n/dev/pts/0\r\nready\r\n"))
            #expect(heard.output.contains("50 132\r\n"))
            #expect(heard.last == .exit(code: 3, signal: nil), "\(heard.frames)")
        }
    }

    @Test func `an interrupt typed on a terminal reaches the command`() async throws {
        try await withTask { bench, started in
            let spec = ExecSpec(
                in: bench.spec, started, command: ["sh", "-c", "echo ready; exec sleep 1000"],
                terminal: ExecSpec.Terminal(rows: 24, columns: 80))
            let session = try Session(bench, spec)
            try await session.listen { $0.output.contains("ready") }
            try await session.say(.input([3]))
            let heard = try await session.listen()
            await session.end()
            #expect(heard.last == .exit(code: nil, signal: SIGINT), "\(heard.frames)")
        }
    }

    @Test func `binary data comes through whole, also to a slow reader`() async throws {
        try await withTask { bench, started in
            let count = 3 << 20
            let spec = ExecSpec(
                in: bench.spec, started, command: ["head", "-c", "\(count)", "/dev/urandom"], terminal: nil)
            let session = try Session(bench, spec)
            // Long enough for every buffer to be full.
            let begun = SystemClock().now()
            #expect(eventually { SystemClock().now() > begun + .milliseconds(300) })
            let heard = try await session.listen()
            await session.end()
            let total = heard.frames.reduce(0) { if case .output(let bytes) = $1 { $0 + bytes.count } else { $0 } }
            #expect(total == count && heard.last == .exit(code: 0, signal: nil))
        }
    }

    @Test func `input larger than any buffer comes through`() async throws {
        try await withTask { bench, started in
            let spec = ExecSpec(in: bench.spec, started, command: ["wc", "-c"], terminal: nil)
            let session = try Session(bench, spec)
            let bytes = [UInt8](repeating: 7, count: 2 << 20)
            for frame in ExecFrame.pieces(bytes, { .input($0) }) { try await session.say(frame) }
            try await session.say(.input([]))
            let heard = try await session.listen()
            await session.end()
            #expect(heard.output == "\(2 << 20)\n")
        }
    }

    @Test func `a session ends with its slice`() async throws {
        try await withTask { bench, started in
            let spec = ExecSpec(in: bench.spec, started, command: ["sh", "-c", "echo in; sleep 1000"], terminal: nil)
            let session = try Session(bench, spec)
            try await session.listen { $0.output == "in\n" }
            #expect(try bench.processes >= 4)
            bench.spec.stopGrace = .milliseconds(100)
            try bench.shim?.signal(SIGTERM)
            let heard = try await session.listen()
            #expect(heard.last == .exit(code: nil, signal: SIGKILL))
            await session.end()
            _ = try bench.awaitEnd()
            #expect(try bench.processes == 0)
        }
    }

    @Test func `a session ends when its agent hangs up, and when its shim is killed`() async throws {
        for isKilled in [false, true] {
            try await withTask { bench, started in
                // The init, the shell, and what it starts once it has written.
                #expect(try eventually { try bench.processes == 3 })
                let before = try bench.processes
                let spec = ExecSpec(
                    in: bench.spec, started, command: ["sh", "-c", "trap '' HUP; echo in; sleep 1000"], terminal: nil)
                let session = try Session(bench, spec)
                try await session.listen { $0.output == "in\n" }
                #expect(try bench.processes > before)
                if isKilled { try session.process.signal(SIGKILL) } else { session.hangUp() }
                // What the command's own children do is up to the slice; the command itself is gone.
                #expect(try eventually { try bench.processes <= before + (isKilled ? 1 : 0) })
                await session.end()
                #expect(isAlive(started.task.pid))
            }
        }
    }

    @Test func `a slice that has ended cannot be entered`() async throws {
        try await withTask { bench, started in
            bench.spec.stopGrace = .milliseconds(100)
            try bench.shim?.signal(SIGTERM)
            _ = try bench.awaitEnd()
            let heard = try await run(bench, started, ["true"])
            #expect(heard.frames == [.failed("The task has ended.")])
        }
    }
}
