import CHost
import Glibc
import TidemillLease
import TidemillSeams

/// One task's shim: one thread around a `ShimLife`, waiting for the agent, the task, the clock and the log.
struct Shim {
    let spec: ShimSpec
    /// The agent takes this file away to revoke a start that it gave up.
    private let specPath: String
    /// What a test wants to see broken.
    private let broken: Broken
    var life: ShimLife
    var log: LogWriter
    var task: TaskProcess?
    /// What could not be enforced, a sentence each.
    var unenforced: [String] = []
    var startedAt: (wall: WallTime, instant: Instant)?
    var endedAt: (wall: WallTime, instant: Instant)?
    /// How long `clear` took: the node's deadlines reckon with it.
    var killTime: Duration?
    private var page: UnsafeMutableRawPointer?
    private var signals: Int32 = -1
    private var wake: Int32 = -1
    /// Readable when the slice comes to the end of its memory (v1); -1 where the kernel ends the whole group by itself.
    private var outOfMemory: Int32 = -1
    /// Ends for want of memory before the task's: canaries had theirs.
    private(set) var earlierOomKills: Int64 = 0
    private var logEnd: Int32 = -1
    private var isStopping = false
    /// oom_score_adj of the task: the one we had, and never a protected one.
    private var taskOOMScoreAdjust: Int32 = 0

    init(spec: ShimSpec, specPath: String, broken: Broken) {
        self.spec = spec
        self.specPath = specPath
        self.broken = broken
        life = ShimLife(deadline: broken.isFence ? nil : spec.deadline, stopGrace: spec.stopGrace)
        log = LogWriter(path: spec.logPath, maxBytes: spec.logMaxBytes, files: spec.logFiles)
    }

    var isFenceBroken: Bool { broken.isFence }

    /// Runs the task to its end. Returns the exit status: 0 once the end is recorded durably.
    mutating func run() -> Int32 {
        signals = tm_stop_signals()
        wake = tm_wake_create()
        armFence()
        if life.outcome == nil { enterGroups() }
        if life.outcome == nil { startTask() }
        while life.outcome == nil { waitOnce() }
        let decided = clocks()
        endedAt = decided
        clear()
        if task != nil { killTime = clocks().instant.since(decided.instant) }
        return recordEnd()
    }

    // MARK: Start

    /// Before anything of the task exists: no fence, no task.
    private mutating func armFence() {
        guard signals >= 0, wake >= 0 else { return fail("cannot wait for signals and time") }
        guard life.deadline != nil else { return }
        page = tm_page_map(spec.pagePath, LeasePage.fileSize, 0)
        if page == nil { return fail("cannot map the lease page \(spec.pagePath): \(describe(errno))") }
        let result = tm_fence_create()
        if result < 0 { return fail("cannot make the fence's timer: \(describe(result))") }
        perform(life.start(renewal(), at: clocks().instant))
    }

    private mutating func enterGroups() {
        for path in spec.groups.shimProcs {
            let result = writeFile(path, "0")
            if result < 0 {
                unenforced.append("The shim is not in its own group: cannot join \(path): \(describe(result)).")
            }
        }
        earlierOomKills = countOomKills()
        if let path = spec.groups.oomFile, path.hasSuffix("/memory.oom_control") {
            outOfMemory = tm_oom_watch(path)
            if outOfMemory < 0 {
                unenforced.append(
                    "When the slice takes too much memory, the kernel ends one of its processes and not all: \(describe(outOfMemory))."
                )
            }
        }
        taskOOMScoreAdjust = max(0, ownOOMScoreAdjust())
        let result = writeFile("/proc/self/oom_score_adj", String(spec.oomScoreAdjust))
        if result < 0 {
            unenforced.append(
                "The shim is not protected when the machine runs out of memory: oom_score_adj cannot be set (\(describe(result)))."
            )
        }
    }

    private mutating func startTask() {
        var output: Int32 = -1
        let result = tm_log_pipe(&logEnd, &output)
        if result < 0 { return fail("cannot make the log's pipe: \(describe(result))") }
        do throws(TaskProcess.StartFailure) {
            task = try TaskProcess.start(
                spec, output: output, oomScoreAdjust: taskOOMScoreAdjust, broken: broken, notes: &unenforced)
        } catch {
            fail("cannot make the task's first process: \(describe(error.errno))")
        }
        close(output)
    }

    private mutating func fail(_ sentence: String) {
        perform(life.on(.failed(.startError, message: sentence), at: clocks().instant))
    }

    // MARK: Wait and act

    private mutating func waitOnce() {
        var waiting = [signals, wake, task?.initProcess.reports ?? -1, logEnd, outOfMemory].map {
            tm_waiting(descriptor: $0, ready: 0)
        }
        _ = tm_wait_readable(&waiting, waiting.count, -1)
        if waiting[3].ready != 0 { drainLog() }
        if waiting[2].ready != 0 { takeReports() }
        if waiting[4].ready != 0 { endForMemory() }
        if waiting[0].ready != 0, tm_take_signal(signals) != 0 {
            isStopping = true
            perform(life.on(.stopRequested, at: clocks().instant))
        }
        // On every turn, whatever woke us: a busy log must not delay the deadline.
        if waiting[1].ready != 0 || life.deadline?.hasPassed(at: clocks().instant) == true {
            perform(life.on(.woke(renewal()), at: clocks().instant))
        }
    }

    private mutating func perform(_ effects: [ShimLife.Effect]) {
        for effect in effects {
            switch effect {
            case .armKernelTimer(let instant):
                if !isFenceBroken, tm_fence_arm(instant.nanoseconds) < 0 { complain("cannot arm the fence") }
            case .wakeAt(let instant):
                _ = tm_wake_at(wake, instant.nanoseconds)
            case .askCommandToEnd:
                if task?.askToEnd() != true { endBeforeStart() }
            case .endSlice:
                break  // the loop ends with the outcome
            }
        }
    }

    private mutating func endBeforeStart() {
        perform(life.on(.failed(.stopped, message: "stopped before the command started"), at: clocks().instant))
    }

    /// As cgroup v2 does it by itself: what lost one of its processes to want of memory ends as a whole.
    private mutating func endForMemory() {
        var count: UInt64 = 0
        _ = read(outOfMemory, &count, 8)
        // The word comes a moment before the kill; without one, the kernel found memory after all.
        for _ in 0..<20 where task != nil && life.outcome == nil {
            if countOomKills() > earlierOomKills {
                return perform(life.on(.commandEnded(exitCode: nil, signal: SIGKILL), at: clocks().instant))
            }
            _ = poll(nil, 0, 1)
        }
    }

    private mutating func takeReports() {
        while life.outcome == nil, let report = task?.nextReport() {
            let now = clocks().instant
            switch report {
            case .ready, .finding, .probing, .terminal: break
            case .note(let sentence): unenforced.append(sentence)
            case .commandWaits(let pid): release(command: pid)
            case .failed(let sentence): fail(sentence)
            case .ended(let exitCode, let signal):
                perform(life.on(.commandEnded(exitCode: exitCode, signal: signal), at: now))
            case .gone:
                perform(life.on(.failed(.error, message: "the task's namespace was ended from outside"), at: now))
            }
        }
    }

    /// Records who runs, durably, and then lets the command execute, unless its time is over or its start was revoked.
    private mutating func release(command pid: Int32) {
        guard task?.hold(command: pid) == true else { return }  // its end is reported next
        if isStopping { return endBeforeStart() }
        startedAt = clocks()
        let result = recordStart(command: pid)
        if result < 0 { return fail("cannot write \(spec.startedPath): \(describe(result))") }
        // Looked for only now: an agent that takes it away and then sees no record knows that nothing will run.
        if access(specPath, F_OK) != 0 {
            startedAt = nil
            return fail("the agent gave the start up before the command ran")
        }
        if life.deadline?.hasPassed(at: clocks().instant) == true {
            startedAt = nil
            return perform(life.on(.woke(nil), at: clocks().instant))
        }
        task?.letGo()
    }

    /// What the page says; nil when it cannot be believed, which never lengthens the deadline.
    private func renewal() -> Renewal? {
        guard let page else { return nil }
        var image = [UInt8](repeating: 0, count: LeasePage.size)
        if tm_page_snapshot(page, &image, LeasePage.size, LeasePage.sequenceOffset) < 0 { return nil }
        do throws(LeasePageError) {
            return try LeasePage.decode(image)
        } catch {
            return nil
        }
    }

    /// Moves what the task wrote into its log; at most 1 MiB at a time, so that other things get their turn.
    mutating func drainLog() {
        withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            for _ in 0..<64 where logEnd >= 0 {
                let count = read(logEnd, buffer.baseAddress, buffer.count)
                if count > 0 {
                    log.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                } else if count == 0 {
                    close(logEnd)
                    logEnd = -1
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    func clocks() -> (wall: WallTime, instant: Instant) {
        (WallTime(nanosecondsSince1970: tm_realtime_ns()), Instant(nanoseconds: tm_boottime_ns()))
    }
}
