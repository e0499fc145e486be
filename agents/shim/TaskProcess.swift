import CHost
import Glibc
import TidemillLease
import TidemillSeams

/// The namespace's init and the command below it, as the shim holds them.
struct TaskProcess {
    private(set) var initProcess: tm_init
    /// Whether the kernel ends all descendants with the init.
    let hasNamespace: Bool
    /// Pidfd of the command; -1 before it exists.
    private var commandHandle: Int32 = -1
    private(set) var commandPid: Int32 = 0

    /// Starts the init. On a machine that allows no namespaces it starts without, and says so in `notes`; but not where the
    /// containment must be had.
    /// - Throws: the errno when no process can be made at all.
    static func start(
        _ spec: ShimSpec, output: Int32, oomScoreAdjust: Int32, broken: Broken, notes: inout [String]
    ) throws(StartFailure) -> TaskProcess {
        let start = CStart(spec, broken: broken)
        var made = tm_init()
        var wish = tm_init_spec()
        wish.command = start.command
        wish.containment = start.containment
        wish.group_procs = start.groupProcs
        wish.user_id = start.standing.userNumber
        wish.group_id = start.standing.groupNumber
        wish.output = output
        wish.oom_score_adjust = oomScoreAdjust
        wish.own_namespaces = broken.isFence ? 0 : 1
        wish.user_namespace = broken.isFence || geteuid() == 0 ? 0 : 1
        wish.parent_death_signal = broken.isFence ? 0 : 1
        var result = tm_init_start(&wish, &made)
        if result < 0, wish.own_namespaces == 1, wish.containment.required == 0 {
            notes.append(
                "Processes that leave the task's session may outlive it when its shim is killed, and the task is not contained: namespaces are not allowed here (\(describe(result)))."
            )
            let less = CContainment(start.standing.containment, hasNamespaces: false)
            wish.containment = less.value
            wish.own_namespaces = 0
            wish.user_namespace = 0
            result = tm_init_start(&wish, &made)
        }
        if result < 0 { throw StartFailure(errno: -result) }
        return TaskProcess(initProcess: made, hasNamespace: wish.own_namespaces == 1)
    }

    struct StartFailure: Error {
        let errno: Int32
    }

    /// The next report of the init; nil when none is there.
    mutating func nextReport() -> InitReport? { InitReport.take(initProcess.reports) }

    /// Takes hold of the waiting command; false when it is gone.
    mutating func hold(command pid: Int32) -> Bool {
        commandPid = pid
        commandHandle = tm_pidfd_open(pid)
        return commandHandle >= 0
    }

    mutating func letGo() { _ = tm_init_go(&initProcess) }

    /// Asks the command to end; false when there is none yet.
    func askToEnd() -> Bool {
        if commandHandle < 0 { return false }
        _ = tm_pidfd_signal(commandHandle, SIGTERM)
        return true
    }

    /// SIGKILL to the init, and with it to the namespace.
    func kill() {
        _ = tm_pidfd_signal(initProcess.pidfd, SIGKILL)
        if !hasNamespace, commandHandle >= 0 {
            _ = tm_pidfd_signal(commandHandle, SIGKILL)
            _ = Glibc.kill(-commandPid, SIGKILL)
        }
    }

    /// Whether the init, and so its namespace, has ended and is reaped.
    func isGone() -> Bool {
        var result = tm_exit()
        return tm_pidfd_wait(initProcess.pidfd, &result) != 0
    }
}

/// How far a canary came, by its own word.
enum ProbeProgress {
    case trying, touching, done
}

/// What the init, a canary or a session's first process says.
enum InitReport {
    case ready
    case note(String)
    case commandWaits(pid: Int32)
    case failed(String)
    case ended(exitCode: Int32?, signal: Int32?)
    case finding(ProbeRecord.Finding)
    case terminal(Int32)
    case probing(ProbeProgress)
    case gone

    /// The next one of a report socket; nil when none is there.
    static func take(_ reports: Int32) -> InitReport? {
        var report = tm_report()
        switch tm_report_take(reports, &report) {
        case 1: break
        case 0: return nil
        default: return .gone
        }
        let text = withUnsafeBytes(of: report.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        switch report.kind {
        case TM_REPORT_READY.rawValue: return .ready
        case TM_REPORT_NOTE.rawValue: return .note(text)
        case TM_REPORT_TASK.rawValue: return .commandWaits(pid: report.pid)
        case TM_REPORT_EXITED.rawValue:
            return tm_status_exited(report.value) != 0
                ? .ended(exitCode: tm_status_code(report.value), signal: nil)
                : .ended(exitCode: nil, signal: tm_status_signal(report.value))
        case TM_REPORT_FINDING.rawValue: return finding(report.value, text)
        case TM_REPORT_TERMINAL.rawValue: return .terminal(report.descriptor)
        case TM_REPORT_TOUCHING.rawValue: return .probing(.touching)
        case TM_REPORT_DONE.rawValue: return .probing(.done)
        default: return .failed(text)
        }
    }

    private static func finding(_ value: Int32, _ evidence: String) -> InitReport {
        let checks: [ProbeSpec.Check] = [.memory, .cpu, .affinity, .device, .process, .cgroupFiles]
        let verdicts: [ProbeRecord.Verdict] = [.held, .gotThrough, .notTried]
        let check = Int(value / 4)
        let verdict = Int(value % 4)
        guard checks.indices.contains(check), verdicts.indices.contains(verdict) else {
            return .failed("an unknown finding: \(evidence)")
        }
        return .finding(.init(check: checks[check], verdict: verdicts[verdict], evidence: evidence))
    }
}
