import Foundation
import Testing
import TidemillModel
import TidemillRig
import TidemillWire

/// Invariant 3: after a deadline no process of the slice executes user code, whichever of agent and shim are dead or
/// stopped. With TIDEMILL_BREAK=fence every one of these tests fails.
@Suite(.serialized) struct FenceTests {
    static let stop: JSON = ["policy": "stop", "after": "3s"]
    /// `after`, and then generously what a busy machine may need to notice.
    static let patience = Duration.seconds(12)

    /// Runs `script` under a `stop` policy, kills the agent for good after `disturb` had its way with the shim, and waits
    /// until nothing of the task is left.
    private func endsAtItsDeadline(
        _ name: String, _ script: String, disturb: (Int32) -> Void = { _ in }
    ) async throws {
        try await withRig(name) { rig in
            try await rig.submit("fenced", script, onDisconnect: Self.stop)
            _ = try await rig.running("fenced")
            let shim = try #require(rig.shims().first)
            try await Patience.untilTrue("the script runs") { !rig.taskProcesses().isEmpty }
            try await rig.killAgent()
            disturb(shim)
            try await Patience.untilTrue("no process of the task is left", within: Self.patience) {
                rig.taskProcesses().isEmpty
            }
        }
    }

    @Test func `a task ends at its deadline when its agent is gone`() async throws {
        try await endsAtItsDeadline("fence-plain", "while :; do sleep 1; done")
    }

    @Test func `a task ends at its deadline when its shim is stopped too`() async throws {
        try await endsAtItsDeadline("fence-stopped", "while :; do sleep 1; done") { kill($0, SIGSTOP) }
    }

    @Test func `a task ends at once when its shim is killed`() async throws {
        try await endsAtItsDeadline("fence-killed", "while :; do sleep 1; done") { kill($0, SIGKILL) }
    }

    /// A change of credentials clears the signal by which the kernel ends the task with its shim: it is set after the last.
    @Test func `a task that runs as its tenant's user ends all the same`() async throws {
        let script = "test \"$(id -u)\" -ne 0 && while :; do sleep 1; done"
        try await endsAtItsDeadline("fence-setuid", script) { kill($0, SIGSTOP) }
    }

    @Test func `what forked twice and left the session ends with the rest`() async throws {
        let script =
            "(setsid sh -c 'while :; do sleep 1; done' &) ; (setsid sh -c 'sleep 1000 & wait' &) ; while :; do sleep 1; done"
        try await endsAtItsDeadline("fence-forked", script) { kill($0, SIGSTOP) }
    }
}
