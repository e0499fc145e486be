import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillSeams

/// The shim's life with a task, apart from its fence.
@Suite(.enabled(if: isRoot, "shims in cgroups need root"), .serialized) struct ShimTests {
    @Test func `a command's end is recorded with its status, token and log`() throws {
        let bench = try ShimBench(["sh", "-c", "echo out; echo err >&2; exit 7"])
        defer { bench.close() }
        let started = try bench.launchAndAwaitStart()
        let end = try bench.awaitEnd()
        #expect(end.exitCode == 7)
        #expect(end.reason == .error)
        #expect(end.token == Token(42))
        #expect(end.epoch == Epoch(3))
        #expect(end.startedAt == started.startedAt)
        #expect(try bench.log == "out\nerr\n")
        #expect(try bench.processes == 0)
    }

    @Test func `a signal that ends the command is recorded`() throws {
        let bench = try ShimBench(["sh", "-c", "kill -USR1 $$"])
        defer { bench.close() }
        try bench.launch()
        let end = try bench.awaitEnd()
        #expect(end.signal == SIGUSR1)
        #expect(end.exitCode == nil)
    }

    @Test(arguments: [
        (["no-such-program-anywhere"], "/"), (["/etc/passwd"], "/"), (["true"], "/no/such/folder"),
    ]) func `a command that cannot start says why`(command: [String], directory: String) throws {
        let bench = try ShimBench(command)
        defer { bench.close() }
        bench.spec.workingDirectory = directory
        try bench.launch()
        let end = try bench.awaitEnd()
        #expect(end.reason == .startError)
        #expect(end.message.contains(directory == "/" ? command[0] : directory))
    }

    @Test func `a group that cannot be joined is a start error, and nothing runs unbounded`() throws {
        let bench = try ShimBench(["sh", "-c", "echo ran"])
        defer { bench.close() }
        bench.spec.groups.taskProcs.append("/sys/fs/cgroup/no-such-group/cgroup.procs")
        try bench.launch()
        let end = try bench.awaitEnd()
        #expect(end.reason == .startError)
        #expect(try bench.log == "")
    }

    @Test func `the task does not inherit the shim's protection from the out-of-memory killer`() throws {
        let bench = try ShimBench(["cat", "/proc/self/oom_score_adj"])
        defer { bench.close() }
        // Raised and not lowered, for which the test may lack the right: what counts is that it is not inherited.
        bench.spec.oomScoreAdjust = 987
        try bench.launch()
        _ = try bench.awaitEnd()
        let own = try HostFile.readText("/proc/self/oom_score_adj")
        #expect(try bench.log == "\(max(0, Int(own) ?? 0))\n")
    }

    @Test func `a start whose spec is taken away before the command runs, runs nothing`() throws {
        let bench = try ShimBench(["sh", "-c", "echo ran"])
        defer { bench.close() }
        // The shim has read its spec when it comes to the first gate, and waits at the second.
        let gates = ["first", "second"].map { "\(bench.folder)/\($0)" }
        for gate in gates { try #require(mkfifo(gate, 0o600) == 0) }
        bench.spec.groups.shimProcs += gates
        let first = open(gates[0], O_RDONLY | O_NONBLOCK)
        defer { close(first) }
        try bench.launch()
        var zero: UInt8 = 0
        try #require(eventually { read(first, &zero, 1) == 1 })
        try HostFile.remove(bench.folder + "/spec")
        let second = open(gates[1], O_RDONLY | O_NONBLOCK)
        defer { close(second) }
        let end = try bench.awaitEnd()
        #expect(end.reason == .startError && end.startedAt == nil)
        #expect(try bench.log == "")
    }

    @Test func `the task sees its environment, its folder and its own processes only`() throws {
        let bench = try ShimBench(["sh", "-c", "echo $A; pwd; echo $$; ls -d /proc/[0-9]* | wc -l; env | wc -l"])
        defer { bench.close() }
        bench.spec.environment = ["PATH=/usr/bin:/bin", "A=x=y z"]
        bench.spec.workingDirectory = "/tmp"
        try bench.launch()
        _ = try bench.awaitEnd()
        let lines = try bench.log.split(separator: "\n").map { $0.filter { $0 != " " } }
        // The shell is the namespace's second process; ls and wc come and go.
        #expect(lines[..<3] == ["x=yz", "/tmp", "2"])
        #expect((Int(lines[3]) ?? 99) <= 5)
        #expect((Int(lines[4]) ?? 99) <= 5)
    }

    @Test func `the task inherits no descriptor, no blocked or ignored signal, and a usual file mode mask`() throws {
        let bench = try ShimBench([
            "sh", "-c",
            "ls /proc/self/fd | tr '\n' ' '; grep -E '^Sig(Blk|Ign)|^Umask' /proc/self/status | tr -d '\t\n'",
        ])
        defer { bench.close() }
        try bench.launch()
        _ = try bench.awaitEnd()
        // 3 is the folder that ls reads.
        let zeros = String(repeating: "0", count: 16)
        let log = try bench.log
        #expect(log == "0 1 2 3 Umask:0022SigBlk:\(zeros)SigIgn:\(zeros)")
    }

    @Test func `a stop reaches the command, which may end in its own way`() throws {
        let bench = try ShimBench(["sh", "-c", "trap 'echo bye; exit 3' TERM; echo runs; while :; do sleep 0.1; done"])
        defer { bench.close() }
        try bench.launch()
        try bench.awaitRunning("runs")
        try bench.shim?.signal(SIGTERM)
        let end = try bench.awaitEnd()
        #expect(end.reason == .stopped)
        #expect(end.exitCode == 3)
        #expect(try bench.log == "runs\nbye\n")
    }

    @Test func `a command that ignores the stop is killed after the grace`() throws {
        let bench = try ShimBench(["sh", "-c", "trap '' TERM; echo runs; while :; do sleep 0.1; done"])
        defer { bench.close() }
        bench.spec.stopGrace = .milliseconds(300)
        try bench.launch()
        try bench.awaitRunning("runs")
        let asked = SystemClock().now()
        try bench.shim?.signal(SIGTERM)
        let end = try bench.awaitEnd()
        #expect(end.reason == .stopped)
        #expect(end.finishedInstant >= asked + .milliseconds(300))
        #expect(try bench.processes == 0)
    }

    @Test func `what a task leaves behind ends with it`() throws {
        let bench = try ShimBench(["sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo done"])
        defer { bench.close() }
        try bench.launch()
        #expect(try bench.awaitEnd().reason == .completed)
        #expect(try bench.processes == 0)
    }

    @Test func `a process that joined the groups from outside ends with the slice`() throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"])
        defer { bench.close() }
        try bench.launch()
        try bench.awaitRunning("runs")
        let guest = try spawn(["/bin/sleep", "1000"])
        for path in bench.spec.groups.taskProcs { try HostFile.write(String(guest.pid), to: path) }
        try bench.shim?.signal(SIGTERM)
        #expect(try bench.awaitEnd().reason == .stopped)
        #expect(!isAlive(guest.pid))
        var exit = tm_exit()
        #expect(tm_pidfd_wait(guest.pidfd, &exit) == 1)
        close(guest.pidfd)
    }

    @Test func `a frozen slice can be ended`() throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"])
        defer { bench.close() }
        bench.spec.stopGrace = .milliseconds(100)
        try bench.launch()
        try bench.awaitRunning("runs")
        try bench.driver.freeze(bench.group)
        #expect(try eventually { try bench.driver.isFrozen(bench.group) })
        try bench.shim?.signal(SIGTERM)
        #expect(try bench.awaitEnd().reason == .stopped)
        #expect(try bench.processes == 0)
    }

    @Test func `a namespace that is ended from outside is an error, not a success`() throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"])
        defer { bench.close() }
        let started = try bench.launchAndAwaitStart()
        try bench.awaitRunning("runs")
        kill(started.initProcess.pid, SIGKILL)
        let end = try bench.awaitEnd()
        #expect(end.reason == .error)
        #expect(end.exitCode == nil)
    }

    @Test func `a running shim is found again by pid and start time, and no other`() async throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"])
        defer { bench.close() }
        let started = try bench.launchAndAwaitStart()
        let shim = try #require(bench.shim)
        #expect(started.shim == ProcessIdentity(pid: shim.pid, startTicks: shim.startTicks))
        #expect(try ProcessHandle.adopt(pid: shim.pid, startTicks: shim.startTicks + 1) == nil)
        let adopted = try #require(try ProcessHandle.adopt(pid: shim.pid, startTicks: shim.startTicks))
        #expect(adopted.exitNow() == nil)
        // Not to see it is not to know that it ended.
        #expect(throws: HostError.self) {
            try ProcessHandle.adopt(pid: shim.pid, startTicks: shim.startTicks, procRoot: "/dev/null")
        }
        try bench.awaitRunning("runs")
        try adopted.signal(SIGTERM)
        #expect(await adopted.exit() == .exited(0))
        #expect(try ProcessHandle.adopt(pid: shim.pid, startTicks: shim.startTicks) == nil)
        let end = try EndRecord(bytes: HostFile.read(bench.spec.endPath))
        #expect(end.signal == SIGTERM)
    }

    @Test func `waiting for an exit ends when the waiting task is cancelled`() async throws {
        let bench = try ShimBench(["sleep", "1000"])
        defer { bench.close() }
        _ = try bench.launchAndAwaitStart()
        let shim = try #require(bench.shim)
        let exit = await withTaskGroup(of: ProcessExit?.self) { group in
            group.addTask { await shim.exit() }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(exit == nil)
        #expect(shim.isRunning)
    }

    @Test func `the log rotates, keeps its last files, and is cut between lines`() throws {
        let bench = try ShimBench(["seq", "1", "5000"])
        defer { bench.close() }
        bench.spec.logMaxBytes = 4096
        bench.spec.logFiles = 3
        try bench.launch()
        #expect(try bench.awaitEnd().reason == .completed)
        let names = try HostFile.names(in: bench.folder).filter { $0.hasPrefix("log") }
        #expect(names == ["log", "log.1", "log.2"])
        var text = ""
        for name in names.reversed() {
            let part = try HostFile.read("\(bench.folder)/\(name)")
            #expect(part.count <= 4096)
            #expect(part.last == 10)
            text += String(decoding: part, as: UTF8.self)
        }
        let numbers = text.split(separator: "\n").compactMap { Int($0) }
        #expect(numbers.last == 5000)
        #expect(numbers == Array((numbers.first ?? 0)...5000))
    }

    @Test(arguments: [1, 2])
    func `a log that cannot be rotated stays bounded, and the task goes on`(files: Int) throws {
        let bench = try ShimBench(["sh", "-c", "seq 1 5000; echo last"])
        // Nothing can be moved there, and with one file the file itself cannot be taken away.
        let obstacle = bench.folder + (files == 1 ? "/log" : "/log.1")
        defer {
            if files == 1 { umount(obstacle) } else { rmdir(obstacle) }
            bench.close()
        }
        bench.spec.logMaxBytes = 4096
        bench.spec.logFiles = files
        if files == 1 {
            try HostFile.writeDurably([], to: obstacle)
            try #require(mount(obstacle, obstacle, nil, UInt(MS_BIND), nil) == 0)
        } else {
            try HostFile.makeFolder(obstacle)
        }
        try bench.launch()
        #expect(try bench.awaitEnd().reason == .completed)
        let log = try bench.log
        #expect(log.utf8.count <= 4096 && log.hasSuffix("5000\nlast\n"))
        #expect(bench.complaints.contains("cannot be moved away"))
    }

    @Test func `the record says how long it took to end the slice`() throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"])
        defer { bench.close() }
        bench.spec.stopGrace = .milliseconds(50)
        try bench.launch()
        try bench.awaitRunning("runs")
        try bench.shim?.signal(SIGTERM)
        let time = try #require(try bench.awaitEnd().killTime)
        #expect(time > .zero && time < .seconds(10))
    }

    @Test func `an end that finds the disk full is recorded as soon as there is room`() throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"])
        defer { bench.close() }
        let disk = bench.folder + "/disk"
        try HostFile.makeFolder(disk)
        try #require(mount("tmpfs", disk, "tmpfs", 0, "size=64k") == 0)
        defer {
            umount(disk)
            rmdir(disk)
        }
        bench.spec.endPath = disk + "/end"
        try bench.launch()
        try bench.awaitRunning("runs")
        let filler = open(disk + "/filler", O_WRONLY | O_CREAT, 0o600)
        let block = [UInt8](repeating: 1, count: 4096)
        while write(filler, block, block.count) > 0 {}
        close(filler)
        try bench.shim?.signal(SIGTERM)
        #expect(eventually { bench.complaints.contains("cannot be recorded yet") })
        #expect(bench.shim?.isRunning == true)
        #expect(!HostFile.exists(bench.spec.endPath))
        try HostFile.remove(disk + "/filler")
        #expect(try bench.awaitEnd().signal == SIGTERM)
    }

    @Test func `a task that closes its output goes on`() throws {
        let bench = try ShimBench(["sh", "-c", "exec >&- 2>&-; sleep 0.3; exit 4"])
        defer { bench.close() }
        try bench.launch()
        #expect(try bench.awaitEnd().exitCode == 4)
    }

    @Test func `a spec that is cut off starts nothing`() throws {
        let bench = try ShimBench(["true"])
        defer { bench.close() }
        let bytes = try bench.spec.bytes()
        let launcher = ShimLauncher(program: try ShimBench.findShim())
        let shim = try launcher.launch(
            spec: Array(bytes.dropLast(10)), specPath: bench.folder + "/spec",
            complaintsPath: bench.folder + "/complaints")
        bench.shim = shim
        #expect(eventually { !shim.isRunning })
        #expect(shim.exitNow() == .exited(2))
        #expect(bench.complaints.contains("truncated"))
    }

    @Test func `a program that is not there cannot be launched`() throws {
        let bench = try ShimBench(["true"])
        defer { bench.close() }
        #expect(throws: HostError.failed("start", path: "/no/such/shim", errno: ENOENT)) {
            try ShimLauncher(program: "/no/such/shim").launch(
                spec: [], specPath: bench.folder + "/spec", complaintsPath: nil)
        }
    }
}
