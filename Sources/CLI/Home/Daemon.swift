import Foundation

/// A daemon of a home: how it is started, found again and stopped.
struct Daemon: Sendable {
    /// What people call it: `controller`, `agent n1`.
    var name: String
    var program: String
    var arguments: [String]
    var log: String
    var pidFile: PIDFile

    func running() -> ProcessIdentity? { pidFile.running() }

    /// Starts it in a session of its own, so that Ctrl-C in the terminal reaches only this program, with its output at the
    /// end of the log.
    func start() throws -> ProcessIdentity {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        Self.keepDescriptorsHere()
        // A signal that is blocked or ignored here must not be in the child.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = Self.ownSession | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, flags)

        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, program, &actions, &attributes, &argv, environ)
        guard failure == 0 else {
            throw Failure("\(program) cannot be started: \(String(cString: strerror(failure)))")
        }
        guard let identity = ProcessIdentity(pid: pid) else { throw ended("right after its start") }
        try pidFile.write(identity)
        return identity
    }

    /// POSIX_SPAWN_SETSID of glibc's spawn.h, which Swift sees without it.
    private static let ownSession: Int16 = 0x80

    /// Nothing that is open here, by us or by who called us, stays open in a daemon.
    private static func keepDescriptorsHere() {
        // /proc/self/fd is always there.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    /// Collects the exit of a child, so that it does not stay as a zombie. No effect on processes of others.
    static func reap(_ pid: Int32) {
        var status: Int32 = 0
        waitpid(pid, &status, WNOHANG)
    }

    /// SIGTERM, then SIGKILL after `grace`. Returns once the process is gone.
    func stop(grace: Duration = .seconds(15)) async {
        guard let process = running() else {
            pidFile.remove()
            return
        }
        process.signal(SIGTERM)
        let clock = ContinuousClock()
        let end = clock.now + grace
        while process.isRunning {
            Self.reap(process.pid)
            if clock.now >= end { process.signal(SIGKILL) }
            // Cancelled or not, what was asked to end is waited for.
            if (try? await Task.sleep(for: .milliseconds(20))) == nil { usleep(20_000) }
        }
        Self.reap(process.pid)
        pidFile.remove()
    }

    /// The failure that says where to look, with the last lines of the log.
    func ended(_ when: String) -> Failure {
        Failure("the \(name) ended \(when). The last lines of \(log):\n\(tail(15))")
    }

    /// The last lines of the log, indented.
    func tail(_ lines: Int) -> String {
        guard let data = FileManager.default.contents(atPath: log), !data.isEmpty else { return "  (empty)" }
        let text = String(decoding: data.suffix(64 << 10), as: UTF8.self)
        return text.split(separator: "\n").suffix(lines).map { "  \($0)" }.joined(separator: "\n")
    }
}
