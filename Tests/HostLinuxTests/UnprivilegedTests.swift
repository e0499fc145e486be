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
        let words = [
            "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy, bench.folder + "/spec",
        ]
        let library = getenv("LD_LIBRARY_PATH").map { "LD_LIBRARY_PATH=" + String(cString: $0) } ?? "A=b"
        let child = try spawn(words, environment: [library], output: bench.folder + "/complaints")
        bench.shim = try ProcessHandle.adopt(pid: child.pid, startTicks: tm_start_ticks("/proc", child.pid))
        close(child.pidfd)
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
