import Foundation

/// Looks at this machine and says what Tidemill will find.
struct Examination {
    func findings() -> [Finding] {
        let mounts = Mounts(parsing: text("/proc/self/mounts"))
        return [kernel(), root(), cgroups(mounts)] + controllers(mounts) + [
            namespaces(), library("libnuma", "libnuma.so.1", "libnuma1", "devices are read from /sys instead"),
            library("SQLite", "libsqlite3.so.0", "libsqlite3-0", nil), runFolder(),
        ]
    }

    private func kernel() -> Finding {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: &name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let parts = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        let isRecent = parts.count == 2 && (parts[0], parts[1]) >= (5, 10)
        return isRecent
            ? .ok("kernel", release)
            : Finding("kernel", .warn, release, wayOut: "Linux 5.10 or later is what Tidemill is tried on")
    }

    private func root() -> Finding {
        geteuid() == 0
            ? .ok("root", "yes")
            : Finding(
                "root", .warn, "no, user \(geteuid())",
                wayOut: "run as root: without it no limit is enforced, only advised")
    }

    private func cgroups(_ mounts: Mounts) -> Finding {
        guard mounts.kind != "none" else {
            return Finding("cgroups", .fail, "not mounted", wayOut: "mount -t cgroup2 none /sys/fs/cgroup")
        }
        return .ok("cgroups", mounts.kind)
    }

    private func controllers(_ mounts: Mounts) -> [Finding] {
        let offered = Set(
            text((mounts.unified ?? "") + "/cgroup.controllers").split { $0 == " " || $0 == "\n" }.map(String.init))
        return ["cpu", "cpuset", "memory", "pids"].map { name in
            let subject = "cgroup \(name)"
            let folder = mounts.controllers[name] ?? (offered.contains(name) ? mounts.unified : nil)
            guard let folder else {
                return Finding(
                    subject, .fail, "missing",
                    wayOut:
                        "enable the \(name) controller: cgroup_enable=\(name) on the kernel's command line, or Delegate=yes"
                )
            }
            if access(folder, W_OK) != 0 {
                return Finding(subject, .warn, "\(folder), not writable", wayOut: "run as root, or mount it writable")
            }
            return .ok(subject, folder)
        }
    }

    private func namespaces() -> Finding {
        let subject = "user namespaces"
        let limit = Int(text("/proc/sys/user/max_user_namespaces").trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        let switchText = text("/proc/sys/kernel/unprivileged_userns_clone").trimmingCharacters(
            in: .whitespacesAndNewlines)
        if limit > 0 && switchText != "0" { return .ok(subject, "allowed") }
        if geteuid() == 0 { return .ok(subject, "not allowed, and not needed by root") }
        return Finding(
            subject, .warn, "not allowed",
            wayOut: "sysctl user.max_user_namespaces=10000: without them a task's fence is weaker when not root")
    }

    /// `fallback` is what happens without it; nil when nothing works without it.
    private func library(_ name: String, _ file: String, _ package: String, _ fallback: String?) -> Finding {
        if let handle = dlopen(file, RTLD_LAZY) {
            dlclose(handle)
            return .ok(name, file)
        }
        let consequence = fallback.map { ": \($0)" } ?? ""
        return Finding(
            name, fallback == nil ? .fail : .warn, "\(file) is missing",
            wayOut: "apt-get install \(package)\(consequence)")
    }

    private func runFolder() -> Finding {
        if access("/run", W_OK) == 0 { return .ok("/run", "writable") }
        return Finding("/run", .warn, "not writable", wayOut: "run as root, or give the agent another runFolder")
    }

    /// Files of /proc and /sys; what cannot be read says nothing.
    private func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
