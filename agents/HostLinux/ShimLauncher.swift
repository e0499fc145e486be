import CHost
import Glibc

/// Starts tidemill-shim, one per task.
package struct ShimLauncher: Sendable {
    /// Path of the program.
    package let program: String
    /// Where the shim finds processes; `/proc` but in tests.
    private let procRoot: String

    package init(program: String, procRoot: String = "/proc") {
        self.program = program
        self.procRoot = procRoot
    }

    /// Writes the spec (the bytes of a `ShimSpec`) durably with mode 0600 and starts a shim on it, in a session of its
    /// own, so that it survives the agent. The shim writes its complaints to `complaintsPath`.
    ///
    /// Returns as soon as the program executes; that the task runs is said by the started record, that it ended by the
    /// end record, or by the handle's exit without such a record (`Lost`).
    package func launch(spec: [UInt8], specPath: String, complaintsPath: String?) throws(HostError) -> ProcessHandle {
        try HostFile.writeDurably(spec, to: specPath)
        var environment: [String] = []
        #if DEBUG
        // Debug builds only: lets the tests show that they notice a missing fence.
        if let broken = getenv("TIDEMILL_BREAK") { environment.append("TIDEMILL_BREAK=" + String(cString: broken)) }
        #endif
        var child = tm_child()
        let result = withCStrings([program, specPath]) { arguments in
            withCStrings(environment) { variables in
                tm_spawn_detached(program, arguments, variables, complaintsPath, &child)
            }
        }
        try HostError.check(result, "start", program)
        return ProcessHandle(
            pid: child.pid, pidfd: child.pidfd, startTicks: max(0, tm_start_ticks(procRoot, child.pid)))
    }
}

/// Calls `body` with a NULL-terminated vector of C strings.
func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { copies.forEach { free($0) } }
    return body(&copies)
}
