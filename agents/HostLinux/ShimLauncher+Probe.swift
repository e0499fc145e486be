import CHost
import Glibc

extension ShimLauncher {
    /// Writes the spec of a canary (the bytes of a `ProbeSpec`) and starts `tidemill-shim probe` on it. It ends by itself,
    /// within its patience, and leaves a record.
    package func launchProbe(spec: [UInt8], specPath: String, complaintsPath: String) throws(HostError) -> ProcessHandle
    {
        // One may be left of a canary whose agent ended.
        try HostFile.remove(specPath)
        try HostFile.create(specPath, spec)
        var child = tm_child()
        let result = withCStrings([program, "probe", specPath]) { arguments in
            withCStrings(environment) { variables in
                tm_spawn_detached(program, arguments, variables, complaintsPath, &child)
            }
        }
        try HostError.check(result, "start", program)
        return ProcessHandle(pid: child.pid, pidfd: child.pidfd, startTicks: max(0, tm_start_ticks("/proc", child.pid)))
    }
}
