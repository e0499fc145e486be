import CHost
import Glibc
import TidemillSeams

/// Starts tidemill-shim, one per task.
package struct ShimLauncher: Sendable {
    /// Path of the program.
    package let program: String
    /// Where the shim finds processes; `/proc` but in tests.
    private let procRoot: String
    /// Handed on to shims; only those of debug builds obey.
    private let broken: Broken

    /// - Parameter broken: what a test wants to see broken, so that it can see that it would notice; by default what
    ///   `TIDEMILL_BREAK` in the caller's environment says.
    package init(program: String, procRoot: String = "/proc", broken: Broken = Self.brokenByEnvironment()) {
        self.program = program
        self.procRoot = procRoot
        self.broken = broken
    }

    /// What the environment asks for; nothing in a release build.
    package static func brokenByEnvironment() -> Broken {
        #if DEBUG
        if let text = getenv("TIDEMILL_BREAK") { return Broken(String(cString: text)) }
        #endif
        return .nothing
    }

    /// The environment of every shim.
    var environment: [String] { broken.text.isEmpty ? [] : ["TIDEMILL_BREAK=\(broken.text)"] }

    /// Writes the spec (the bytes of a `ShimSpec`) durably with mode 0600 and starts a shim on it, in a session of its
    /// own, so that it survives the agent. The shim writes its complaints to `complaintsPath`.
    ///
    /// Returns as soon as the program executes; that the task runs is said by the started record, that it ended by the
    /// end record, or by the handle's exit without such a record (`Lost`).
    package func launch(spec: [UInt8], specPath: String, complaintsPath: String?) throws(HostError) -> ProcessHandle {
        try HostFile.writeDurably(spec, to: specPath)
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
