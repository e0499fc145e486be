import Testing
import TidemillHostLinux
import TidemillSeams

@Suite struct CgroupTreeTests {
    private let tree = CgroupTree(
        version: .version1, roots: ["cpu": "/c/cpu/t", "cpuacct": "/c/cpu/t", "memory": "/c/m/t"])

    @Test(arguments: [
        "/c/cpu/t/slices/u-1.7", "/c/m/t/shims/u-1.7/cgroup.procs", "/c/m/t/slices/u-1.7/below/memory.max",
    ]) func `a slice's groups and all in them are ours`(path: String) {
        #expect(tree.owns(path))
    }

    @Test(arguments: [
        "", "/", "/c/cpu/t", "/c/cpu/t/slices", "/c/cpu/t/slices/", "/c/cpu/t/slices/cgroup.procs",
        "/c/cpu/t/slices/u-1.7/../x", "/c/cpu/t/slices/..", "/c/cpu/t/slices/u-1.7//x", "/c/cpu/t/slices/u 1.7",
        "/c/cpu/other/slices/u-1.7", "/c/pids/t/slices/u-1.7", "/c/cpu/tt/slices/u-1.7",
    ]) func `nothing else is`(path: String) {
        #expect(!tree.owns(path))
        #expect(throws: HostError.unexpected("\(path) is not a cgroup of ours")) { try tree.makeGroup(path) }
        #expect(throws: HostError.self) { try tree.removeGroup(path) }
        #expect(throws: HostError.self) { try tree.write("1", to: path) }
        #expect(throws: HostError.self) { try tree.filterDevices([], of: path) }
    }

    @Test func `a folder that two controllers share counts once`() {
        #expect(tree.folders == ["/c/cpu/t", "/c/m/t"])
    }
}
