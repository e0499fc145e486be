import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillSeams

/// A signal goes to the process that was a member, and to no other that got its number.
@Suite struct SignalMembersTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/tidemill-test-\(KernelRandomness().uuid())"
        try HostFile.makeFolder(folder)
        defer {
            unlink(folder + "/cgroup.procs")
            rmdir(folder)
        }
        try body(folder)
    }

    @Test func `a member gets it, and one that was none when it was held does not`() throws {
        for isStillThere in [true, false] {
            let child = try spawn(["/bin/sleep", "1000"])
            defer { close(child.pidfd) }
            try withFolder { folder in
                if isStillThere {
                    try HostFile.writeDurably(Array("\(child.pid)\n".utf8), to: folder + "/cgroup.procs")
                    #expect(tm_cgroup_signal(folder, SIGKILL) == 1)
                } else {
                    // Says it once: what is read a second time is empty.
                    var ends: [Int32] = [-1, -1]
                    try #require(pipe(&ends) == 0)
                    let line = Array("\(child.pid)\n".utf8)
                    try #require(write(ends[1], line, line.count) == line.count)
                    close(ends[1])
                    symlink("/proc/self/fd/\(ends[0])", folder + "/cgroup.procs")
                    #expect(tm_cgroup_signal(folder, SIGKILL) == 1)
                    close(ends[0])
                    #expect(!eventually(0.5) { !isAlive(child.pid) })
                    kill(child.pid, SIGKILL)
                }
            }
            #expect(eventually { !isAlive(child.pid) })
            var end = tm_exit()
            #expect(tm_pidfd_wait(child.pidfd, &end) == 1)
        }
    }
}
