/// What the kernel says at a slice's freezer file, `freezer.state` (v1) or `cgroup.freeze` (v2).
package enum FreezerFile {
    /// Whether what is in the group stands still or is about to, for its own sake or for that of a group above it.
    package static func isFrozen(_ path: String) throws(HostError) -> Bool {
        let state = try HostFile.readText(path)
        let name = "/cgroup.freeze"
        // THAWED, FREEZING or FROZEN.
        guard path.hasSuffix(name) else { return state != "THAWED" }
        if state != "0" { return true }
        return try HostFile.readText(path.dropLast(name.count) + "/cgroup.events").split(separator: "\n")
            .contains("frozen 1")
    }
}
