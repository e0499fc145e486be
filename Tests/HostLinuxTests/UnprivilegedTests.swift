import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillSeams

/// A shim that is not root's: it runs the task, holds the fence as far as the machine allows, and says what it cannot.
@Suite(.enabled(if: isRoot, "root is needed to become someone else"), .serialized) struct UnprivilegedTests {
    private func launch(_ bench: ShimBench) throws {
        bench.spec.groups = GroupFiles()
        try bench.renew()
        chmod(bench.folder, 0o777)
        chmod(bench.folder + "/page", 0o644)
        try HostFile.writeDurably(try bench.spec.bytes(), to: bench.folder + "/spec", mode: 0o644)
        let shim = try ShimBench.findShim()
        // The build folder may be closed to others: run a copy.
        let copy = bench.folder + "/shim"
        try HostFile.writeDurably(try HostFile.read(shim, limit: 64 << 20), to: copy, mode: 0o755)
        let child = try run(bench, [bench.folder + "/spec"])
        bench.shim = try ProcessHandle.adopt(pid: child.pid, startTicks: tm_start_ticks("/proc", child.pid))
        close(child.pidfd)
    }

    /// Runs the copy of the shim as nobody.
    private func run(_ bench: ShimBench, _ arguments: [String], input: Int32 = -1) throws -> tm_child {
        let words = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", bench.folder + "/shim"]
        let library = getenv("LD_LIBRARY_PATH").map { "LD_LIBRARY_PATH=" + String(cString: $0) } ?? "A=b"
        return try spawn(
            words + arguments, environment: [library], output: bench.folder + "/complaints", input: input)
    }

    @Test func `the task runs, and what is not enforced is said`() throws {
        let bench = try ShimBench(["sh", "-c", "id -u; sleep 0.5"])
        defer { bench.close() }
        try launch(bench)
        let end = try bench.awaitEnd()
        #expect(end.reason == .completed, "\(end) \(bench.complaints)")
        #expect(try bench.log == "65534\n")
        let started = try StartedRecord(bytes: HostFile.read(bench.spec.startedPath))
        #expect(started.unenforced.contains { $0.contains("oom_score_adj") })
    }

    @Test func `it contains as far as it is let, and the task cannot reach its init`() throws {
        let mark = "/var/tmp/tidemill-test-\(KernelRandomness().uuid())"
        defer { unlink(mark) }
        let bench = try ShimBench([
            "sh", "-c",
            """
            id -u; echo x > \(mark) && ls -A /run /root 2>/dev/null | grep -v : | wc -w
            grep -E '^(CapEff|Seccomp|NoNewPrivs):' /proc/self/status | cut -f2 | tr '\\n' ' '
            readlink /proc/1/ns/mnt >/dev/null || echo shut; ls /dev | wc -l; unshare -r true 2>/dev/null || echo refused
            """,
        ])
        defer { bench.close() }
        bench.spec.containment = Containment(isRequired: false, hiddenFolders: ["/root"])
        try launch(bench)
        let end = try bench.awaitEnd()
        #expect(end.reason == .completed, "\(end) \(bench.complaints)")
        let none = String(repeating: "0", count: 16)
        let log = try bench.log
        #expect(log == "65534\n0\n\(none) 1 2 shut\n13\nrefused\n", "\(log)")
        #expect(!HostFile.exists(mark))
        let started = try StartedRecord(bytes: HostFile.read(bench.spec.startedPath))
        #expect(started.unenforced.filter { !$0.contains("oom_score_adj") } == [])
    }

    @Test func `a session is shut to the task, whose user is its own, before it is as bounded as the task`() throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"])
        defer { bench.close() }
        bench.spec.containment = Containment(isRequired: false)
        try launch(bench)
        try bench.awaitRunning("runs")
        let started = try StartedRecord(bytes: HostFile.read(bench.spec.startedPath))
        // Full: who joins this group waits there, in the slice and with everything that it is to give up.
        let gate = bench.folder + "/gate"
        try #require(mkfifo(gate, 0o666) == 0 && chmod(gate, 0o666) == 0)
        let held = open(gate, O_RDWR | O_NONBLOCK)
        let block = [UInt8](repeating: 1, count: 4096)
        while write(held, block, block.count) > 0 {}
        var spec = ExecSpec(in: bench.spec, started, command: ["true"], terminal: nil)
        spec.groups.taskProcs = [gate]
        try HostFile.writeDurably(try spec.bytes(), to: bench.folder + "/exec", mode: 0o644)
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let parent = try run(bench, ["exec", bench.folder + "/exec"], input: ends[1])
        defer {
            kill(parent.pid, SIGKILL)
            var end = tm_exit()
            #expect(eventually { tm_pidfd_wait(parent.pidfd, &end) == 1 })
            for descriptor in ends + [held, parent.pidfd] { close(descriptor) }
        }
        var session: Int32?
        #expect(
            try eventually {
                session = try childs(of: parent.pid).first
                return session != nil
            }, "\(bench.complaints)")
        // To its own user such a file belongs only while a process may be traced by it.
        var facts = stat()
        try #require(stat("/proc/\(session ?? 0)/environ", &facts) == 0)
        #expect(facts.st_uid == 0)
        try #require(stat("/proc/\(started.task.pid)/environ", &facts) == 0)
        #expect(facts.st_uid == 65534)
    }

    private func childs(of parent: Int32) throws -> [Int32] {
        try HostFile.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            // It may be gone.
            (try? HostFile.readText("/proc/\(pid)/status"))?.contains("PPid:\t\(parent)\n") == true
        }
    }

    @Test func `the fence holds`() throws {
        let bench = try ShimBench(
            ["sh", "-c", "setsid sleep 1000 & echo runs; sleep 1000"], after: .milliseconds(2_000))
        defer { bench.close() }
        try launch(bench)
        try bench.awaitRunning("runs")
        let started = try StartedRecord(bytes: HostFile.read(bench.spec.startedPath))
        try bench.shim?.signal(SIGSTOP)
        #expect(eventually { !isAlive(started.task.pid) && !isAlive(started.initProcess.pid) })
    }
}
