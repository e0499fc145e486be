import Foundation
import TidemillRig

extension Attack {
    /// How long a process that stays on would live.
    private static let daemonSeconds = "\(20 * Patience.factor)"

    /// Reaching for other processes, and staying on.
    static let processes: [Attack] = [
        Attack(
            "neighbour-kill", { ["signal", $0.file("target"), "9"] }, control: .without(["fence", "uid"]),
            layers: [["uid", "caps"], ["fence"]],
            script: Scripts.aim(at: { try await $0.neighbour().pid }) { scene, pid in
                Kernel.isAlive(pid) ? nil : .through("the neighbour is dead")
            }),
        Attack(
            "neighbour-trace", { ["trace", $0.file("target")] },
            control: .without(["fence", "uid", "caps", "seccomp"]), layers: [["fence", "seccomp"]],
            script: Scripts.aim(at: { try await $0.neighbour().pid })),
        Attack(
            "neighbour-proc", { ["foreign", try await $0.neighbour().secret] },
            control: .without(["proc", "mounts", "uid"]), layers: [["uid"]]),
        // SIGCONT: who may send it may send every signal, and it does the agent no harm.
        Attack(
            "agent-signal", { ["signal", $0.file("target"), "18"] }, control: .without(["fence", "uid"]),
            layers: [["uid", "caps"]], script: Scripts.aim(at: { try await $0.agentPid() })),
        Attack(
            "agent-trace", { ["trace", $0.file("target")] },
            control: .without(["fence", "uid", "caps", "seccomp"]),
            script: Scripts.aim(at: { try await $0.agentPid() })),
        Attack(
            "shim-kill", { ["signal", $0.file("target"), "9"] }, control: .without(["fence", "uid"]),
            script: Scripts.aim(at: { try await $0.shimPid() })),
        Attack(
            "shim-stop", { ["signal", $0.file("target"), "19"] }, control: .without(["fence", "uid"]),
            script: Scripts.aim(at: { try await $0.shimPid() }) { _, pid in
                defer { kill(pid, SIGCONT) }
                return Kernel.state(of: pid) == "T" ? .through("the shim is stopped") : nil
            }),
        Attack("init", ["init"], control: .without(["uid", "caps", "seccomp"])),
        Attack(
            "outlive", { _ in ["daemon", daemonSeconds] }, control: .bare, isForSessions: false, script: Scripts.outlive
        ),
        Attack(
            "hide", { ["daemon", daemonSeconds, $0.file("go")] }, control: .bare, isForSessions: false,
            script: Scripts.hide),
        Attack(
            "orphan", { ["daemon", daemonSeconds, $0.file("go")] }, control: .without(["fence"]), isForSessions: false,
            script: Scripts.orphan),
        Attack(
            "preload", { _ in [] }, control: .without(["uid"]),
            environment: {
                [
                    "LD_PRELOAD": "\($0.programs.folder)/libTidemillPreload.so", "PRELOAD_REPORT": $0.report,
                    "LD_LIBRARY_PATH": $0.programs.folder,
                ]
            }, isForSessions: false, script: Scripts.preload),
    ]
}

extension Kernel {
    /// The state letter of a process; nil when it is gone.
    static func state(of pid: Int32) -> Character? {
        // A process that is gone has no stat file: that is the answer.
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        return stat[stat.index(after: end)...].dropFirst().first
    }

    /// The parent of a process; nil when it is gone.
    static func parent(of pid: Int32) -> Int32? {
        // As above.
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? Int32(fields[1]) : nil
    }
}
