import Foundation
import TidemillRig

extension Attack {
    /// Asking the kernel.
    static let kernel: [Attack] = [
        Attack(
            "remount", ["mounts"], control: .without(["seccomp", "caps", "uid"]),
            layers: [["caps", "uid"], ["seccomp"]]),
        Attack("namespaces", ["namespaces"], control: .without(["seccomp"]), layers: [["caps", "uid"]]),
        Attack("calls", ["calls"], control: .without(["seccomp"])),
        Attack("foreign-abi", ["abi"], control: .without(["seccomp"])),
        Attack(
            "credentials", ["credentials"], control: .without(["caps", "uid"]), layers: [["caps", "seccomp"]]),
        Attack(
            "setuid-program", { ["setuid", $0.file("setuid"), $0.report] },
            control: .without(["nnp", "mounts", "caps"]), layers: [["mounts", "caps"]],
            script: Scripts.withSetuidProgram),
        Attack(
            "ipc",
            { scene in
                let neighbour = try await scene.neighbour()
                return ["ipc", "\(neighbour.key)", "/\(neighbour.name)"]
            }, control: .without(["ipc"])),
        Attack(
            "terminals", ["terminals", "600"], control: .without(["mounts"])),
        Attack("families", ["families"], control: .without(["seccomp"])),
        Attack("raw-sockets", ["sockets"], control: .without(["caps", "uid"]), layers: [["uid"]]),
        Attack(
            "domain-name", { ["domain", $0.job] }, control: .without(["uts", "caps", "uid", "seccomp"]),
            layers: [["caps", "uid", "seccomp"]], script: Scripts.domainName),
    ]

    /// What slices do not stop, by design: told, not counted. docs/isolation.md says why.
    static let notStopped: [Attack] =
        [
            Attack("abstract-socket", { ["connect", "@" + (try await $0.neighbour().name)] }, control: .without([])),
            // Half of what Linux allows the whole node (fs.aio-max-nr).
            Attack("async-requests", ["requests", "32768"], control: .without([])),
        ] + uncachedOnly
}
