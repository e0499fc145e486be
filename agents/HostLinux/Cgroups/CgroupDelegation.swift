/// Where on a machine with cgroup v2 alone the agent may make groups. Pure; `CgroupV2Driver` acts on it.
///
/// 1. An absolute root names a group that was left to us by whoever keeps the machine's groups (systemd: a unit with
///    `Delegate=`). This is what the shipped units do: the agent in one, the slices in another, since a unit with groups
///    that bear controllers cannot be started again while one of them has a process.
/// 2. Else the agent's own group, when it was left to it. The agent leaves it for the leaf `agent` first: a group that hands
///    controllers down holds no processes.
/// 3. Else the root of the hierarchy, as on a machine without systemd.
package struct CgroupDelegation: Hashable, Sendable {
    /// The folder that was left to us and that we never remove.
    package var base: String
    /// Our own folders from there, top down; the last is the root of our tree.
    package var folders: [String]
    /// Whether the agent sits in `base` and must leave it.
    package var mustLeave: Bool

    package var root: String { folders.last ?? base }
    package var leaf: String { base + "/agent" }

    /// - Parameters:
    ///   - own: The agent's own group, as /proc/self/cgroup names it.
    ///   - root: As configured.
    ///   - isLeft: Whether a folder was left to its unit.
    ///   - isTop: Whether `mount` shows the hierarchy's root, rather than a container's part of it.
    package init(
        mount: String, own: String, root: String, isTop: Bool, isLeft: (String) -> Bool
    ) throws(HostError) {
        let parts = root.split(separator: "/").map(String.init)
        guard !parts.isEmpty, !parts.contains(".."), !parts.contains(".") else {
            throw .unexpected("the cgroup root must name a group, not '\(root)'")
        }
        let here = own == "/" ? mount : mount + own
        var below = parts
        if root.hasPrefix("/") {
            base = mount + "/" + parts.joined(separator: "/")
            below = ["tidemill"]
            guard isLeft(base) else {
                throw .unexpected("\(base) is not left to Tidemill: start the unit that delegates it (Delegate=yes)")
            }
        } else if own != "/", isLeft(here) {
            base = here
        } else if here.hasSuffix("/agent"), isLeft(String(here.dropLast(6))) {
            base = String(here.dropLast(6))
        } else {
            base = mount
        }
        mustLeave = here == base && !(base == mount && isTop)
        var folder = base
        folders = below.map { part in
            folder += "/" + part
            return folder
        }
    }
}
