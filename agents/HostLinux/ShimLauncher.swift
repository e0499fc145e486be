import CHost
import Glibc

/// Starts tidemill-shim, one per task.
package struct ShimLauncher: Sendable {
    /// Path of the program.
    package let program: String
    /// Where the shim finds processes; `/proc` but in tests.
    private let procRoot: String
    private let isFenceBroken: Bool

    /// - Parameter isFenceBroken: starts shims without their fence, which only those of debug builds obey. For tests
    ///   that show that they notice; by default what `TIDEMILL_BREAK=fence` in the caller's environment says.
    package init(program: String, procRoot: String = "/proc", isFenceBroken: Bool = Self.wantsBrokenFence()) {
        self.program = program
        self.procRoot = procRoot
        self.isFenceBroken = isFenceBroken
    }

    /// Whether the environment asks for a broken fence; never in a release build.
    package static func wantsBrokenFence() -> Bool {
        #if DEBUG
        if let broken = getenv("TIDEMILL_BREAK") { return String(cString: broken) == "fence" }
        #endif
        return false
    }

    /// Writes the spec (the bytes of a `ShimSpec`) durably with mode 0600 and starts a shim on it, in a session of its
    /// own, so that it survives the agent. The shim writes its complaints to `complaintsPath`.
    ///
    /// Returns as soon as the program executes; that the task runs is said by the started record, that it ended by the
    /// end record, or by the handle's exit without such a record (`Lost`).
    package func launch(spec: [UInt8], specPath: String, complaintsPath: String?) throws(HostError) -> ProcessHandle {
        try HostFile.writeDurably(spec, to: specPath)
        let environment = isFenceBroken ? ["TIDEMILL_BREAK=fence"] : []
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
    defer { for copy in copies { free(copy) } }
    return body(&copies)
}
