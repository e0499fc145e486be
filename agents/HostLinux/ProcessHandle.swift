import CHost
import Dispatch
import Glibc

/// How a process ended.
package enum ProcessExit: Hashable, Sendable {
    case exited(Int32)
    case signalled(Int32)
    /// It ended, and it was not our child, so that nobody told us how.
    case unknown
}

/// A hold on one process that a reused pid cannot deceive (a pidfd).
package final class ProcessHandle: Sendable {
    package let pid: Int32
    /// Field 22 of /proc/PID/stat; with the pid it names the process for ever within a boot.
    package let startTicks: Int64
    private let pidfd: Int32

    /// Takes over `pidfd`.
    init(pid: Int32, pidfd: Int32, startTicks: Int64) {
        self.pid = pid
        self.pidfd = pidfd
        self.startTicks = startTicks
    }

    deinit {
        close(pidfd)
    }

    /// Finds a process again after a restart of the agent. Nil when it is gone or when the pid is another's by now; throws
    /// when that cannot be told, as without a free descriptor: not to see a process is not to know that it ended.
    package static func adopt(
        pid: Int32, startTicks: Int64, procRoot: String = "/proc"
    ) throws(HostError) -> ProcessHandle? {
        let pidfd = tm_pidfd_open(pid)
        // EINVAL: by now the number is that of a thread.
        if pidfd == -ESRCH || pidfd == -EINVAL { return nil }
        try HostError.check(pidfd, "find", "process \(pid)")
        // The pidfd holds the pid: what is read now is of this very process, or it has ended.
        let found = tm_start_ticks(procRoot, pid)
        guard found == startTicks, tm_pidfd_ended(pidfd, 0) == 0 else {
            close(pidfd)
            if found != -Int64(ENOENT), found != -Int64(ESRCH) {
                try HostError.check(found, "read", "\(procRoot)/\(pid)/stat")
            }
            return nil
        }
        return ProcessHandle(pid: pid, pidfd: pidfd, startTicks: startTicks)
    }

    /// Whether it has not ended. A zombie has ended.
    package var isRunning: Bool { tm_pidfd_ended(pidfd, 0) == 0 }

    /// Sends a signal; false when the process has ended already.
    @discardableResult
    package func signal(_ number: Int32) throws(HostError) -> Bool {
        let result = tm_pidfd_signal(pidfd, number)
        if result == -ESRCH { return false }
        try HostError.check(result, "signal", "process \(pid)")
        return true
    }

    /// Waits without a thread until the process has ended, and reaps it when it is our child. Returns nil when the
    /// waiting task is cancelled first. May be called several times; all but one see `.unknown`.
    package func exit() async -> ProcessExit? {
        // One of its own for each caller; without a free descriptor the one that all share.
        let own = fcntl(pidfd, F_DUPFD_CLOEXEC, 0)
        defer { if own >= 0 { close(own) } }
        await Readiness.wait(DispatchSource.makeReadSource(fileDescriptor: own >= 0 ? own : pidfd, queue: .global()))
        return exitNow()
    }

    /// How the process ended, or nil while it runs. Reaps it when it is our child.
    package func exitNow() -> ProcessExit? {
        var result = tm_exit()
        switch tm_pidfd_wait(pidfd, &result) {
        case 1: return result.by_signal != 0 ? .signalled(result.status) : .exited(result.status)
        case 0: return nil
        default: return isRunning ? nil : .unknown
        }
    }
}
