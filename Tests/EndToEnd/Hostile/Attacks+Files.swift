import Foundation
import TidemillRig

extension Attack {
    /// Reading and writing what is the machine's, the agent's or a neighbour's.
    static let files: [Attack] = [
        Attack(
            "system-files",
            { scene in
                ["write", "/etc/passwd", "/etc", "/usr/bin", "/usr/lib", "/var/lib", "/opt"]
                    + ["tidemill-agent", "tidemill-shim"].map(scene.programs.path)
            }, control: .without(["mounts", "uid"]), layers: [["mounts"]]),
        Attack("writable", { ["writable"] + $0.writableFolders }, control: .without(["mounts", "uid"])),
        Attack(
            "kernel-files",
            [
                "write", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory",
                "/proc/sys/fs/file-max", "/proc/irq/default_smp_affinity", "/sys/kernel/mm/ksm/run",
                "/sys/devices/system/cpu/cpu1/online", "/sys/kernel/profiling",
            ], control: .without(["proc", "mounts", "uid"]), layers: [["uid", "caps"]]),
        Attack(
            "kernel-secrets",
            [
                "read", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/sys/kernel/debug",
                "/sys/kernel/security", "/sys/firmware", "/sys/fs/bpf", "/sys/fs/cgroup",
            ], control: .without(["proc", "mounts", "uid"])),
        Attack(
            "agent-files", { ["read"] + $0.agentFiles }, control: .without(["mounts", "uid"]),
            layers: [["mounts"]]),
        Attack("people-files", ["read", "/root", "/home", "/boot"], control: .without(["mounts"])),
        Attack(
            "neighbour-files",
            { scene in
                let name = try await scene.neighbour().name
                return ["read"] + ["/tmp", "/var/tmp", "/dev/shm"].map { "\($0)/\(name)" }
            }, control: .without(["mounts"])),
        Attack("cgroup-files", ["cgroups"], control: .without(["mounts", "uid"]), layers: [["mounts"]]),
        Attack(
            "service-sockets",
            { scene in
                ["connect"] + scene.serviceSockets
            }, control: .without(["mounts"]), script: Scripts.withService),
    ]
}

extension Scene {
    /// Where a task may write: its own folders, and what the site shares.
    var writableFolders: [String] { ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/proc", rig.folder] }

    /// What only the agent, or only the controller, may read.
    var agentFiles: [String] {
        [
            seat.stateFolder, "\(seat.stateFolder)/journal.sqlite", "\(seat.identityFolder)/node.key",
            seat.runFolder, "\(seat.runFolder)/lease-page", "/etc/shadow",
            "\(rig.dataFolder)/kubeconfig",
        ]
    }

    /// Sockets through which a machine is ruled; the first is the suite's own, so that there is one.
    var serviceSockets: [String] {
        [
            service, "/run/dbus/system_bus_socket", "/run/docker.sock", "/run/containerd/containerd.sock",
            "/run/crio/crio.sock", "/run/podman/podman.sock", "/run/systemd/private", seat.metricsSocket,
        ]
    }

    var service: String { "/run/tidemill-\(job).sock" }
}
