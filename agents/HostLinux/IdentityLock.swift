import Glibc

/// Keeps a second agent with the same identity from this machine: a locked file named for the machine's id, in a folder
/// that is the agent's user's alone, so that no task can hold it. The kernel frees the lock with its holder, however it
/// ends. The lock on the state folder does not see a copy of the folder; this does, since a copy has the same instance
/// key and so the same id.
package final class IdentityLock: Sendable {
    private let lock: FileLock
    private let path: String

    /// - Parameter folder: made when it is not there; refused when it is not this user's alone.
    /// - Throws: `.unexpected` with a sentence when another process holds it.
    package init(machineID: String, folder: String = IdentityLock.folder()) throws(HostError) {
        try Self.claim(folder)
        // Slashes and dots of an id must not lead elsewhere.
        let name = machineID.utf8.prefix(100).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let path = "\(folder)/\(name).lock"
        while true {
            let taken = try HostFile.lock(
                path,
                otherwise:
                    "another agent with this identity runs on this machine already: is the state folder a copy of its? Give each agent a state folder of its own, and remove `instance-key` from the copy"
            )
            // The last holder may have removed the file between our opening and our locking it.
            if taken.isAt(path) {
                lock = taken
                self.path = path
                Self.removeStale(in: folder, besides: path)
                return
            }
        }
    }

    deinit {
        // Still locked, so that nobody else's is removed.
        unlink(path)
    }

    /// `/run/tidemill-identity` for root; for others below their own run folder, or /tmp without one.
    package static func folder() -> String {
        let user = geteuid()
        if user == 0 { return "/run/tidemill-identity" }
        let own = "/run/user/\(user)"
        return HostFile.exists(own) ? own + "/tidemill-identity" : "/tmp/tidemill-identity-\(user)"
    }

    /// Files of holders that were killed. One that is held is left alone, and who is about to lock one that goes makes it anew.
    private static func removeStale(in folder: String, besides own: String) {
        // Best effort: they take a little memory and are in nobody's way.
        for name in (try? HostFile.names(in: folder)) ?? [] where name.hasSuffix(".lock") {
            let path = "\(folder)/\(name)"
            guard path != own, let stale = try? HostFile.lock(path, otherwise: "held") else { continue }
            if stale.isAt(path) { unlink(path) }
        }
    }

    private static func claim(_ folder: String) throws(HostError) {
        try HostFile.makeFolder(folder, mode: 0o700)
        var facts = stat()
        guard lstat(folder, &facts) == 0 else { throw .failed("look at", path: folder, errno: errno) }
        guard facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid(), facts.st_mode & 0o022 == 0 else {
            throw .unexpected("\(folder) must be a folder that this user alone may write to")
        }
    }
}
