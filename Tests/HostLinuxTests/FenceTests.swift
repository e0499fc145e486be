import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillLease
import TidemillSeams

/// Invariant 3, with real processes: after a deadline plus its margin nothing of the slice executes, whoever is dead or
/// stopped. With the fence broken on purpose, each of the same tests must find survivors.
@Suite(.enabled(if: isRoot, "a fence in cgroups needs root"), .serialized) struct FenceTests {
    /// What a task may do to get away.
    enum Escape: String, CaseIterable, Sendable {
        case none, droppedCredentials, doubleFork, credentialsOfTheSpec, contained

        var command: [String] {
            switch self {
            case .none, .credentialsOfTheSpec, .contained: ["sh", "-c", "echo runs; while :; do sleep 1; done"]
            case .droppedCredentials:
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", "echo runs; sleep 1000"]
            case .doubleFork:
                ["sh", "-c", "setsid sh -c '(setsid sh -c \"echo runs; sleep 1000\" &) ; sleep 1000' & sleep 1000"]
            }
        }
    }

    enum Fault: String, CaseIterable, Sendable {
        /// The shim lives and ends the slice itself.
        case none
        /// The shim is stopped: the kernel's timer ends it.
        case stopped
        /// The shim is gone: its init dies with it.
        case killed
    }

    /// One running slice of a test.
    private struct Running {
        let escape: Escape
        let bench: ShimBench
        let started: StartedRecord
        let deadline: Deadline
    }

    /// Starts a slice per escape, all at once, and injects the fault into each once its task runs.
    private func start(_ fault: Fault, isFenceBroken: Bool, into benches: inout [ShimBench]) throws -> [Running] {
        for escape in Escape.allCases {
            let bench = try ShimBench(escape.command, after: .milliseconds(2_500), broken: isFenceBroken ? "fence" : "")
            benches.append(bench)
            if escape == .credentialsOfTheSpec {
                bench.spec.userID = 65534
                bench.spec.groupID = 65534
            }
            if escape == .contained { bench.contain() }
            try bench.launch()
        }
        return try zip(Escape.allCases, benches).map { escape, bench in
            try bench.awaitRunning("runs")
            let started = try StartedRecord(bytes: HostFile.read(bench.spec.startedPath))
            #expect(try bench.processes > 0, "\(escape)")
            switch fault {
            case .none: break
            case .stopped: try bench.shim?.signal(SIGSTOP)
            case .killed: try bench.shim?.signal(SIGKILL)
            }
            return Running(
                escape: escape, bench: bench, started: started, deadline: try #require(bench.spec.deadline))
        }
    }

    @Test(arguments: Fault.allCases)
    func `nothing of a slice runs after its deadline, however it forked or changed its user`(fault: Fault) throws {
        var benches: [ShimBench] = []
        defer { for bench in benches { bench.close() } }
        for slice in try start(fault, isFenceBroken: false, into: &benches) {
            let bench = slice.bench
            #expect(slice.started.unenforced.filter { !$0.contains("oom_score_adj") } == [], "\(slice.escape)")
            #expect(try eventually { try bench.processes == 0 }, "\(slice.escape)")
            let over = SystemClock().now()
            // A process leaves its cgroup a moment before it is a zombie.
            #expect(eventually { !isAlive(slice.started.initProcess.pid) }, "\(slice.escape)")
            #expect(eventually { !isAlive(slice.started.task.pid) }, "\(slice.escape)")
            if fault == .none {
                let end = try bench.awaitEnd()
                #expect(end.reason == .fenced, "\(slice.escape)")
                #expect(end.finishedInstant >= slice.deadline.at, "\(slice.escape)")
            } else {
                #expect(!HostFile.exists(bench.spec.endPath), "\(slice.escape)")
            }
            if fault == .stopped { #expect(over >= slice.deadline.kernelAt, "\(slice.escape)") }
            // The promise is the deadline plus the margin; half a second more is granted to a machine under test load.
            let promised = slice.deadline.at + slice.deadline.margin + .milliseconds(500)
            #expect(over < promised, "\(slice.escape)")
        }
    }

    #if DEBUG
    @Test(arguments: Fault.allCases)
    func `without its fence every such slice goes on, which the test above would notice`(fault: Fault) throws {
        var benches: [ShimBench] = []
        defer { for bench in benches { bench.close() } }
        let slices = try start(fault, isFenceBroken: true, into: &benches)
        let promised = try #require(slices.map { $0.deadline.at + $0.deadline.margin }.max()) + .milliseconds(500)
        #expect(eventually { SystemClock().now() > promised })
        for slice in slices {
            #expect(try slice.bench.processes > 0, "\(slice.escape)")
            #expect(isAlive(slice.started.task.pid), "\(slice.escape)")
        }
    }
    #endif

    @Test func `renewals on the page keep a slice alive, and their end ends it`() throws {
        let bench = try ShimBench(["sh", "-c", "echo runs; sleep 1000"], after: .milliseconds(1_500))
        defer { bench.close() }
        let started = try bench.launchAndAwaitStart()
        let first = try #require(bench.spec.deadline)
        var last = first
        let until = first.at + .seconds(3)
        #expect(
            try eventually {
                try bench.renew()
                last = Deadline(
                    boot: last.boot, epoch: last.epoch, after: last.after, margin: last.margin,
                    sentAt: SystemClock().now())
                return SystemClock().now() > until
            })
        #expect(isAlive(started.task.pid))
        #expect(!HostFile.exists(bench.spec.endPath))
        let end = try bench.awaitEnd()
        #expect(end.reason == .fenced)
        #expect(end.finishedInstant >= until)
        #expect(end.finishedInstant < last.at + last.margin + .milliseconds(500))
    }

    @Test func `a renewal of another boot, or from the future, extends nothing`() throws {
        let bench = try ShimBench(["sleep", "1000"], after: .milliseconds(1_500))
        defer { bench.close() }
        let deadline = try #require(bench.spec.deadline)
        bench.page.publish(
            try LeasePage.encode(
                Renewal(
                    boot: BootID("boot-2"), incarnation: IncarnationID("i"),
                    sentAt: SystemClock().now() + .milliseconds(100))))
        try bench.launch()
        let end = try bench.awaitEnd()
        #expect(end.reason == .fenced)
        #expect(end.finishedInstant < deadline.at + deadline.margin + .milliseconds(500))
    }

    @Test func `nothing is started past its deadline`() throws {
        let bench = try ShimBench(["touch", "/tmp/tidemill-must-not-exist"], after: .milliseconds(1_500))
        defer { bench.close() }
        bench.spec.deadline = Deadline(
            boot: bench.boot, epoch: bench.group.epoch, after: .seconds(2), margin: .milliseconds(200),
            sentAt: SystemClock().now() - .seconds(2))
        try bench.launch()
        let shim = try #require(bench.shim)
        #expect(eventually { !shim.isRunning })
        #expect(!HostFile.exists(bench.spec.startedPath))
        #expect(!HostFile.exists("/tmp/tidemill-must-not-exist"))
    }

    @Test func `a frozen slice whose deadline passes is ended by its shim, before it executes another instruction`()
        throws
    {
        let bench = try ShimBench(["sh", "-c", "echo runs; while :; do :; done"], after: .milliseconds(1_500))
        defer { bench.close() }
        let deadline = try #require(bench.spec.deadline)
        let started = try bench.launchAndAwaitStart()
        try bench.awaitRunning("runs")
        #expect(
            try eventually {
                try bench.driver.freeze(bench.group)
                return try bench.driver.isFrozen(bench.group)
            })
        let used = try #require(try bench.driver.cpuNanoseconds(bench.group))
        let end = try bench.awaitEnd()
        #expect(end.reason == .fenced)
        #expect(end.finishedInstant >= deadline.at)
        #expect(end.finishedInstant < deadline.at + deadline.margin + .milliseconds(500))
        #expect(!isAlive(started.task.pid) && !isAlive(started.initProcess.pid))
        #expect(try bench.processes == 0)
        #expect(try #require(try bench.driver.cpuNanoseconds(bench.group)) - used < 20_000_000)
    }

    @Test func `a keep slice has no deadline`() throws {
        let bench = try ShimBench(["sh", "-c", "sleep 3; echo done"])
        defer { bench.close() }
        try bench.launch()
        #expect(try bench.awaitEnd().reason == .completed)
        #expect(try bench.log == "done\n")
    }
}
