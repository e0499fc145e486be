import CHost
import Glibc
import Testing
import TidemillHostLinux
import TidemillNodeCore
import TidemillSeams

/// A slice's groups under a root of their own, without limits, and programs that run in them. Call `close`.
final class GroupBench {
    let driver: any CgroupDriver
    let group: SliceGroup
    let folder: String
    let root: String
    let tree: CgroupTree
    private var children: [tm_child] = []
    private var outputs = 0

    /// With the machine's own driver; with that of version 2 on the hierarchy beside version 1 when `unified` is set.
    init(unified: Bool = false) throws {
        let id = KernelRandomness().uuid()
        folder = "/tmp/tidemill-group-test-\(id)"
        try HostFile.makeFolder(folder)
        root = "tidemill-test-\(id)"
        let hierarchy = try CgroupHierarchy.detect()
        if unified, hierarchy.kind == .hybrid {
            let mount = try #require(hierarchy.unified)
            driver = try CgroupV2Driver(
                delegation: CgroupDelegation(mount: mount, own: "/", root: root, isTop: true, isLeft: { _ in false }))
        } else {
            driver = hierarchy.driver(root: root)
        }
        tree = try #require(driver.tree)
        group = SliceGroup(sliceUID: SliceUID(id), epoch: Epoch(7))
        // Tests filter devices themselves.
        try SlicePlan.make(group, SliceCut(), on: tree, omitted: ["devices"]).carryOut(in: tree)
    }

    /// The slice's group in the hierarchy of a controller.
    func slice(_ controller: String) throws -> String { tree.slice(try #require(tree.roots[controller]), group) }

    /// Starts a shell script that first joins the groups; its output goes to the returned file.
    func start(_ script: String, in groups: [String]) throws -> (child: tm_child, output: String) {
        outputs += 1
        let output = "\(folder)/output-\(outputs)"
        let join = #"for g in "$@"; do echo $$ > "$g/cgroup.procs" || exit 99; done; "#
        let child = try spawn(
            ["/bin/sh", "-c", join + script, "sh"] + groups, environment: ["LC_ALL=C"], output: output)
        children.append(child)
        return (child, output)
    }

    /// Runs the script to its end and returns what it wrote.
    func run(_ script: String, in groups: [String]) throws -> String {
        let (child, output) = try start(script, in: groups)
        try #require(tm_pidfd_ended(child.pidfd, 20_000) != 0, "the script goes on")
        // Reaped, since a group of version 1 is not removed while it has a zombie.
        var end = tm_exit()
        try #require(tm_pidfd_wait(child.pidfd, &end) == 1)
        return try HostFile.readText(output)
    }

    func close() {
        for child in children {
            if tm_pidfd_ended(child.pidfd, 0) == 0 { _ = tm_pidfd_signal(child.pidfd, SIGKILL) }
        }
        // Best effort in every step: a test has failed already when one of these does.
        let removed = eventually(5) {
            try? driver.kill(group)
            return (try? driver.remove(group)) != nil
        }
        if !removed { Issue.record("the cgroups of \(group) could not be removed") }
        for child in children {
            var end = tm_exit()
            _ = eventually(5) { tm_pidfd_wait(child.pidfd, &end) != 0 }
            Glibc.close(child.pidfd)
        }
        tree.removeRoot()
        for name in (try? HostFile.names(in: folder)) ?? [] { try? HostFile.remove("\(folder)/\(name)") }
        rmdir(folder)
    }
}
