import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillSeams

/// What is read from the machine, from a faked root where that is possible.
@Suite struct HostFactsTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/tidemill-host-test-\(KernelRandomness().uuid())"
        try HostFile.makeFolder(folder)
        defer { removeTree(folder) }
        try body(folder)
    }

    private func removeTree(_ path: String) {
        // Best effort: files and folders below a folder of ours.
        for name in (try? HostFile.names(in: path)) ?? [] {
            let below = "\(path)/\(name)"
            if unlink(below) != 0 { removeTree(below) }
        }
        rmdir(path)
    }

    private func put(_ text: String, _ path: String) throws {
        try HostFile.makeFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        try HostFile.writeDurably(Array(text.utf8), to: path)
    }

    @Test(arguments: [
        ("0-3,8", [0, 1, 2, 3, 8], "0-3,8"), ("", [], ""), ("5", [5], "5"), ("3,1,2\n", [1, 2, 3], "1-3"),
        ("0-1,1-2", [0, 1, 2], "0-2"),
    ]) func `a CPU list is read and written as the kernel does`(text: String, numbers: [Int], spelled: String) throws {
        let list = try #require(CPUList(parsing: text))
        #expect(list.numbers == numbers)
        #expect(list.description == spelled)
    }

    @Test(arguments: ["a", "1-", "-1", "3-1", "1-2-3", "0-99999999999", "70000"])
    func `what is no CPU list is refused`(text: String) {
        #expect(CPUList(parsing: text) == nil)
    }

    @Test func `domains are read from sysfs, holes and memory-only nodes included`() throws {
        try withFolder { folder in
            try put("0-6", folder + "/devices/system/cpu/online")
            try put("0-3\n", folder + "/devices/system/node/node0/cpulist")
            try put("Node 0 MemTotal:  2048 kB\nNode 0 MemFree: 1 kB\n", folder + "/devices/system/node/node0/meminfo")
            try put("4-7\n", folder + "/devices/system/node/node2/cpulist")
            try put("Node 2 MemTotal:  4096 kB\n", folder + "/devices/system/node/node2/meminfo")
            try put("\n", folder + "/devices/system/node/node10/cpulist")
            try put("Node 10 MemTotal:  1 kB\n", folder + "/devices/system/node/node10/meminfo")
            #expect(
                try NUMAProbe(sysfsRoot: folder).domains() == [
                    NUMADomain(id: 0, cpus: CPUList(0...3), memoryBytes: 2048 << 10),
                    NUMADomain(id: 2, cpus: CPUList(4...6), memoryBytes: 4096 << 10),
                    NUMADomain(id: 10, cpus: CPUList([]), memoryBytes: 1024),
                ])
        }
    }

    @Test func `a kernel without NUMA has one domain`() throws {
        try withFolder { folder in
            try put("0-1", folder + "/sys/devices/system/cpu/online")
            try put("MemTotal:       8 kB\n", folder + "/proc/meminfo")
            let probe = NUMAProbe(sysfsRoot: folder + "/sys", procRoot: folder + "/proc")
            #expect(try probe.domains() == [NUMADomain(id: 0, cpus: CPUList(0...1), memoryBytes: 8192)])
        }
    }

    @Test func `libnuma and sysfs agree on this machine`() throws {
        let real = try NUMAProbe().domains()
        // A path that is not literally /sys is read file by file.
        let files = try NUMAProbe(sysfsRoot: "/sys/").domains()
        #expect(real.map(\.id) == files.map(\.id))
        #expect(real.map(\.cpus) == files.map(\.cpus))
        #expect(real.contains { !$0.cpus.isEmpty && $0.memoryBytes > 0 })
    }

    @Test func `an identity lasts, and differs by hardware and by instance key`() throws {
        try withFolder { folder in
            let uuid = folder + "/sys/class/dmi/id/product_uuid"
            let identity = { (state: String) in
                try HostFile.makeFolder(folder + state)
                return try MachineIdentity(
                    stateFolder: folder + state, sysfsRoot: folder + "/sys", procRoot: folder,
                    randomness: KernelRandomness()
                ).machineID
            }
            try put("4C4C4544-0001\n", uuid)
            let first = try identity("/a")
            #expect(first.hasPrefix("4C4C4544-0001/"))
            #expect(try identity("/a") == first)
            #expect(try identity("/b") != first)
            try put("4C4C4544-0002\n", uuid)
            #expect(try identity("/a") != first)
            try put("short", folder + "/a/instance-key")
            #expect(throws: HostError.self) { try identity("/a") }
        }
    }

    @Test func `the boot id is what the configured file says`() throws {
        try withFolder { folder in
            try put("boot-7\n", folder + "/boot_id")
            #expect(try HostFacts.bootID(path: folder + "/boot_id") == BootID("boot-7"))
            try put("\n", folder + "/boot_id")
            #expect(throws: HostError.self) { try HostFacts.bootID(path: folder + "/boot_id") }
            #expect(throws: HostError.failed("read", path: folder + "/none", errno: ENOENT)) {
                try HostFacts.bootID(path: folder + "/none")
            }
        }
    }

    @Test func `one identity has one agent on a machine, from whatever folder it runs`() throws {
        try withFolder { folder in
            let locks = folder + "/locks"
            do {
                let held = try IdentityLock(machineID: "a/../b", folder: locks)
                do throws(HostError) {
                    _ = try IdentityLock(machineID: "a/../b", folder: locks)
                    Issue.record("a second one was let in")
                } catch {
                    #expect(error.description.contains("is the state folder a copy"))
                }
                _ = try IdentityLock(machineID: "a/../bx", folder: locks)
                #expect(try HostFile.names(in: locks) == ["612f2e2e2f62.lock"])
                var facts = stat()
                #expect(stat(locks, &facts) == 0 && facts.st_mode & 0o777 == 0o700)
                withExtendedLifetime(held) {}
            }
            #expect(try HostFile.names(in: locks) == [], "let go, and nothing left")
            _ = try IdentityLock(machineID: "a/../b", folder: locks)
        }
    }

    @Test func `files of holders that were killed go, those that are held stay`() throws {
        try withFolder { folder in
            let locks = folder + "/locks"
            let held = try IdentityLock(machineID: "held", folder: locks)
            try put("", locks + "/dead.lock")
            let own = try IdentityLock(machineID: "own", folder: locks)
            #expect(try HostFile.names(in: locks) == ["68656c64.lock", "6f776e.lock"])
            #expect(throws: HostError.self) { _ = try IdentityLock(machineID: "held", folder: locks) }
            withExtendedLifetime((held, own)) {}
        }
    }

    @Test func `locks are not kept where another user could hold them`() throws {
        try withFolder { folder in
            try HostFile.makeFolder(folder + "/open")
            chmod(folder + "/open", 0o777)
            symlink(folder, folder + "/link")
            for place in ["/open", "/link"] {
                #expect(
                    throws: HostError.unexpected("\(folder + place) must be a folder that this user alone may write to")
                ) {
                    _ = try IdentityLock(machineID: "a", folder: folder + place)
                }
            }
        }
    }

    @Test func `only a file that is not there counts as absent`() throws {
        try withFolder { folder in
            #expect(try HostFile.readIfPresent(folder + "/none") == nil)
            #expect(try HostFile.readIfPresent(folder + "/none/below") == nil)
            try put("x", folder + "/some")
            #expect(try HostFile.readIfPresent(folder + "/some") == [120])
            // A folder cannot be read as a file (EISDIR), as one on a broken disk cannot (EIO).
            #expect(throws: HostError.self) { try HostFile.readIfPresent(folder) }
        }
    }

    @Test func `a lock is held by one, and free once let go`() throws {
        try withFolder { folder in
            do {
                let held = try HostFile.lock(folder + "/lock", otherwise: "taken")
                #expect(throws: HostError.unexpected("taken")) {
                    _ = try HostFile.lock(folder + "/lock", otherwise: "taken")
                }
                withExtendedLifetime(held) {}
            }
            _ = try HostFile.lock(folder + "/lock", otherwise: "taken")
        }
    }

    @Test func `a durable write replaces the whole file and leaves nothing beside it`() throws {
        try withFolder { folder in
            try HostFile.writeDurably(Array("long old text".utf8), to: folder + "/f")
            try HostFile.writeDurably(Array("new".utf8), to: folder + "/f")
            #expect(try HostFile.readText(folder + "/f") == "new")
            #expect(try HostFile.names(in: folder) == ["f"])
            var facts = stat()
            #expect(stat(folder + "/f", &facts) == 0 && facts.st_mode & 0o777 == 0o600)
            #expect(throws: HostError.self) { try HostFile.writeDurably([1], to: folder + "/none/f") }
        }
    }
}
