import CHost
import Glibc
import TidemillLease
import TidemillSeams

/// A canary's parent: starts it as a task is started, hears what it found, looks at the kernel's counters, and writes the
/// record once nothing of the canary is left. `tidemill-shim probe SPEC`.
struct Probe {
    private let spec: ProbeSpec
    private let broken: Broken
    private var findings: [ProbeRecord.Finding] = []
    private var unenforced: [String] = []
    private var failure: String?
    /// How far the canary came, by its own word.
    private var progress = ProbeProgress.trying
    /// The canary's spinner; -1 without one.
    private var spinner: Int32 = -1
    private var throttledBefore: Int64?

    init(_ spec: ProbeSpec, broken: Broken) {
        self.spec = spec
        self.broken = broken
    }

    /// Returns the exit status: 0 once the record is written, whatever it says.
    mutating func run() -> Int32 {
        let begun = tm_boottime_ns()
        throttledBefore = counter("nr_throttled", in: spec.throttleFile)
        let oomKills = counter("oom_kill", in: spec.groups.oomFile)
        if var canary = start() {
            listen(to: canary, until: begun + spec.patience.wholeNanoseconds)
            _ = tm_pidfd_signal(canary.pidfd, SIGKILL)
            while tm_pidfd_ended(canary.pidfd, 1_000) == 0 {}
            var result = tm_exit()
            _ = tm_pidfd_wait(canary.pidfd, &result)
            canary.pid = 0
            judgeEnd(result, oomKillsBefore: oomKills)
        }
        judgeCPU()
        judgeMemory(oomKillsBefore: oomKills)
        let record = ProbeRecord(
            findings: spec.checks.map(finding(of:)), unenforced: unenforced, failure: failure,
            duration: .nanoseconds(tm_boottime_ns() - begun))
        return write(record)
    }

    // MARK: The canary

    private mutating func start() -> tm_init? {
        let words = CStrings([])
        let groups = CStrings(spec.groups.taskProcs)
        let files = CStrings(spec.cgroupFiles)
        let cpus = CStrings(spec.cpus.map { [$0] } ?? [])
        let standing = Standing(
            userID: spec.userID, groupID: spec.groupID, containment: spec.containment, broken: broken)
        let contained = CContainment(standing.containment, hasNamespaces: !broken.isFence)
        var wish = tm_probe()
        wish.checks = spec.checks.reduce(0) { $0 | 1 << number($1).rawValue }
        wish.touch_bytes = spec.touchBytes
        wish.spin_ns = spec.spinTime.wholeNanoseconds
        wish.cpus = cpus.pointers[0].map { UnsafePointer($0) }
        wish.device_major = spec.deviceMajor
        wish.device_minor = spec.deviceMinor
        wish.foreign_pid = spec.foreignPid
        wish.cgroup_files = UnsafePointer(files.pointers)
        var made = tm_init()
        let output = open("/dev/null", O_WRONLY | O_CLOEXEC)
        let result = withUnsafePointer(to: wish) { probe in
            var whole = tm_init_spec()
            whole.command.arguments = UnsafePointer(words.pointers)
            whole.command.environment = UnsafePointer(words.pointers)
            whole.containment = contained.value
            whole.probe = probe
            whole.group_procs = UnsafePointer(groups.pointers)
            whole.user_id = standing.userNumber
            whole.group_id = standing.groupNumber
            whole.output = output
            whole.own_namespaces = broken.isFence ? 0 : 1
            whole.user_namespace = broken.isFence || geteuid() == 0 ? 0 : 1
            whole.parent_death_signal = 1
            return tm_init_start(&whole, &made)
        }
        close(output)
        if result < 0 {
            failure = "There is no canary: \(describe(result))."
            return nil
        }
        return made
    }

    private func number(_ check: ProbeSpec.Check) -> tm_check {
        switch check {
        case .memory: TM_CHECK_MEMORY
        case .cpu: TM_CHECK_CPU
        case .affinity: TM_CHECK_AFFINITY
        case .device: TM_CHECK_DEVICE
        case .process: TM_CHECK_PROCESS
        case .cgroupFiles: TM_CHECK_CGROUP_FILES
        }
    }

    private mutating func listen(to canary: tm_init, until end: Int64) {
        while true {
            let left = end - tm_boottime_ns()
            if left <= 0 {
                failure = "The canary did not come to its end within \(spec.patience.wholeNanoseconds / 1_000_000) ms."
                return
            }
            var waiting = tm_waiting(descriptor: canary.reports, ready: 0)
            // The counter of throttled periods wakes nobody: while the spinner spins it is looked at every millisecond.
            _ = tm_wait_readable(&waiting, 1, spinner >= 0 ? 1 : Int32(clamping: left / 1_000_000 + 1))
            if spinner >= 0, timesThrottled > 0 {
                _ = tm_pidfd_signal(spinner, SIGKILL)
                close(spinner)
                spinner = -1
            }
            switch InitReport.take(canary.reports) {
            case .finding(let finding): findings.append(finding)
            case .note(let sentence): unenforced.append(sentence)
            case .failed(let sentence): failure = "The canary could not start: \(sentence)."
            case .gone: return
            case .commandWaits(let pid): spinner = tm_pidfd_open(pid)
            case .probing(let now): progress = now
            case .ready, .ended, .terminal, nil: break
            }
        }
    }

    // MARK: What the kernel counted

    /// The number behind a word in a file of the slice's groups; nil when there is none.
    private func counter(_ name: String, in path: String?) -> Int64? {
        guard let path, let bytes = readFile(path, limit: 4096) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return Int64(words[1]) }
        }
        return nil
    }

    private var timesThrottled: Int64 {
        guard let throttledBefore else { return 0 }
        return (counter("nr_throttled", in: spec.throttleFile) ?? throttledBefore) - throttledBefore
    }

    /// A canary that did not come to its last word has found nothing out; but for one that was ended, with its whole group,
    /// for the memory that it had just said it would take.
    private mutating func judgeEnd(_ end: tm_exit, oomKillsBefore before: Int64?) {
        guard failure == nil, progress != .done else { return }
        if progress == .touching, let kills = oomKills(since: before), kills > 0 { return }
        let how = end.by_signal != 0 ? "by signal" : "with status"
        failure = "The canary ended \(how) \(end.status) before it had tried everything."
    }

    private func oomKills(since before: Int64?) -> Int64? {
        before.flatMap { before in counter("oom_kill", in: spec.groups.oomFile).map { $0 - before } }
    }

    /// A canary cannot see whether it was throttled: the kernel counts it, at the end of a period.
    private mutating func judgeCPU() {
        guard let index = findings.firstIndex(where: { $0.check == .cpu }) else { return }
        if throttledBefore == nil {
            findings[index].verdict = .notTried
            findings[index].evidence += "; nothing counts how often it was held back."
        } else {
            let times = timesThrottled
            // Ended without having been held back: by somebody else.
            if times > 0 {
                findings[index].verdict = .held
            } else if findings[index].verdict == .held {
                findings[index].verdict = .notTried
            }
            findings[index].evidence += "; the kernel held it back in \(times) periods."
        }
    }

    private mutating func judgeMemory(oomKillsBefore before: Int64?) {
        let kills = oomKills(since: before)
        if let index = findings.firstIndex(where: { $0.check == .memory }) {
            guard findings[index].verdict == .held else { return }
            if let kills, kills == 0 { findings[index].verdict = .notTried }
            findings[index].evidence += kills.map { "; the kernel counted \($0) such ends." } ?? "."
        } else if spec.checks.contains(.memory), progress == .touching, let kills, kills > 0 {
            // The whole group was ended, as it should be, and the canary's init with it.
            let evidence =
                "Touching \(spec.touchBytes >> 10) KiB ended the whole group; the kernel counted \(kills) such ends."
            findings.append(.init(check: .memory, verdict: .held, evidence: evidence))
        }
    }

    private func finding(of check: ProbeSpec.Check) -> ProbeRecord.Finding {
        findings.first { $0.check == check }
            ?? .init(check: check, verdict: .notTried, evidence: "The canary ended before it tried.")
    }

    /// Not durable: a probe is worth nothing after a power cut.
    private func write(_ record: ProbeRecord) -> Int32 {
        let file = open(spec.recordPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        defer { if file >= 0 { close(file) } }
        do throws(RecordError) {
            let bytes = try record.bytes()
            if file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count { return 0 }
            complain("cannot write \(spec.recordPath): \(describe(errno))")
        } catch {
            complain("cannot describe what was found: \(error)")
        }
        return 1
    }
}
