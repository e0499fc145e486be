import Foundation
import TidemillRig

extension Attack {
    /// Taking more than the slice's share.
    static let resources: [Attack] = [
        Attack("memory", ["memory", "256"], control: .without(["memory"])),
        Attack("memory-memfd", ["memfd", "256"], control: .without(["memory"])),
        Attack("memory-kernel", ["pipes", "11", "9000"], control: .without(["memory"])),
        Attack("memory-sockets", ["buffers", "256"], control: .without(["memory"])),
        Attack(
            "memory-passed", { ["pass", $0.job, "96"] }, control: .without(["scrub"]), memory: "128Mi",
            isForSessions: false, script: Scripts.passMemory),
        Attack("shm", ["file", "/dev/shm", "256"], control: .without(["memory", "mounts"])),
        Attack("disk", ["file", "/tmp", "256"], control: .without(["memory", "mounts"])),
        Attack("disk-var", ["file", "/var/tmp", "256"], control: .without(["memory", "mounts"])),
        Attack("processes", ["processes", "4400"], control: .without(["pids"]), memory: "384Mi"),
        Attack("cpu", ["processor", "1500", "4", "100"], control: .without(["cpu"]), cpu: "100m"),
        Attack("affinity", ["affinity", "1"], control: .without(["cpuset"]), cpu: "1"),
        Attack("memory-policy", ["policy", "1"], control: .without(["cpuset"])),
        Attack("priority", ["priority"], control: .without(["caps", "uid"]), layers: [["uid"]]),
        Attack("rlimits", ["rlimits"], control: .without(["rlimits"])),
        Attack(
            "log", { ["log", "16", $0.file("go")] }, control: .without(["logcap"]), isForSessions: false,
            script: Scripts.floodLog),
        Attack(
            "inotify", { ["inotify", $0.file("go")] }, control: .without(["uid"]),
            script: { scene in
                let neighbour = try await scene.neighbour()
                try await scene.start()
                let taken = try await scene.awaitLine("ready")
                let answer = try await neighbour.ask()
                try scene.answer("go")
                _ = try await scene.end()
                let sentence = "the attacker has \(taken); the neighbour's next: \(answer)"
                return answer == "ok" ? .held(sentence) : .through(sentence)
            }),
    ]

    /// Opening what is not the slice's.
    static let devices: [Attack] = [
        // In the control only a node without a driver: there it gets through, and the machine's are not its to open.
        Attack(
            "devices", { ["devices", $0.isControl ? "one" : "all"] },
            control: .without(["devices", "mounts", "caps", "uid"]),
            layers: [["mounts", "caps", "uid", "seccomp", "nnp"], ["devices"]])
    ]
}
