import Glibc
import Testing
import TidemillHostLinux
import TidemillSeams

@Suite struct CgroupHierarchyTests {
    private func detect(_ mounts: String) throws -> CgroupHierarchy {
        let folder = "/tmp/tidemill-mounts-test-\(KernelRandomness().uuid())"
        try HostFile.makeFolder(folder + "/self")
        try HostFile.writeDurably(Array(mounts.utf8), to: folder + "/self/mounts")
        defer {
            unlink(folder + "/self/mounts")
            rmdir(folder + "/self")
            rmdir(folder)
        }
        return try CgroupHierarchy.detect(procRoot: folder)
    }

    @Test func `version 1, version 2 and both beside each other are told apart`() throws {
        let cpu = "cgroup /c/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0\n"
        let memory = "cgroup /c/memory cgroup rw,memory 0 0\ncgroup /elsewhere cgroup rw,memory 0 0\n"
        let unified = "cgroup2 /c/unified cgroup2 rw 0 0\n"
        let named = "cgroup /c/systemd cgroup rw,name=systemd 0 0\n"
        #expect(try detect(cpu + memory + named).kind == .version1)
        #expect(
            try detect(cpu + memory).controllers == [
                "cpu": "/c/cpu,cpuacct", "cpuacct": "/c/cpu,cpuacct", "memory": "/c/memory",
            ])
        #expect(try detect(unified).kind == .version2)
        #expect(try detect(cpu + unified).kind == .hybrid)
        #expect(try detect("proc /proc proc rw 0 0\n").kind == .absent)
    }

    @Test func `a machine without usable cgroups says so`() throws {
        let driver = try detect("proc /proc proc rw 0 0\n").driver(root: "tidemill/n1")
        #expect(
            driver.unenforced == [
                "CPU, memory, process and device limits are not enforced: no cgroup hierarchy is mounted."
            ])
    }

    @Test(arguments: [("u-1.7", "u-1", 7), ("a.b.3", "a.b", 3)]) func `a group's name carries slice and epoch`(
        name: String, uid: String, epoch: Int64
    ) throws {
        let group = try #require(SliceGroup(name: name))
        #expect(group == SliceGroup(sliceUID: SliceUID(uid), epoch: Epoch(epoch)))
        #expect(group.name == name)
    }

    @Test(arguments: ["cgroup.procs", ".3", "x", "x.0", "x.-1", "tasks"]) func `other names are not ours`(name: String)
    {
        #expect(SliceGroup(name: name) == nil)
    }
}
