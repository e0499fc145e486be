import CHost
import Glibc

extension ShimLauncher {
    /// Writes the spec of a session (the bytes of an `ExecSpec`) and starts `tidemill-shim exec` on it. The
    /// process speaks on the socket, and ends with it: when this agent dies, its end of the socket closes.
    package func launchSession(
        spec: [UInt8], specPath: String, complaintsPath: String
    ) throws(HostError) -> (process: ProcessHandle, socket: StreamSocket) {
        try HostFile.create(specPath, spec)
        let (ours, childs) = try StreamSocket.pair()
        defer { close(childs) }
        var child = tm_child()
        let result = withCStrings([program, "exec", specPath]) { arguments in
            withCStrings(environment) { variables in
                tm_spawn_fed(program, arguments, variables, complaintsPath, childs, &child)
            }
        }
        try HostError.check(result, "start", program)
        let ticks = max(0, tm_start_ticks("/proc", child.pid))
        return (ProcessHandle(pid: child.pid, pidfd: child.pidfd, startTicks: ticks), ours)
    }
}

extension HostFile {
    /// Writes a file that must not be there yet, with mode 0600. It need not survive a power cut.
    static func create(_ path: String, _ bytes: [UInt8]) throws(HostError) {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .failed("create", path: path, errno: errno) }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .failed("write", path: path, errno: errno) }
            rest = rest.dropFirst(count)
        }
    }
}
