import Glibc
import Testing
import TidemillHostLinux
import TidemillSeams

/// Device nodes that the kernel really denies. A node without a driver tells the difference: opening it says "No such
/// device" where it is allowed, and "Operation not permitted" where it is not.
@Suite(.enabled(if: isRoot, "cgroups need root"), .serialized, .timeLimit(.minutes(2))) struct DeviceFilterTests {
    static let allowed = "No such device or address"
    static let denied = "Operation not permitted"

    private func withGroup(unified: Bool, _ body: (GroupBench, String) throws -> Void) throws {
        let bench = try GroupBench(unified: unified)
        defer { bench.close() }
        let group = try bench.slice("devices")
        let made = try bench.run("mknod \(bench.folder)/node c 195 0 && mknod \(bench.folder)/disk b 195 0", in: [])
        try #require(made == "", "no device nodes can be made here")
        try body(bench, group)
    }

    private func open(_ bench: GroupBench, _ group: String, _ how: String = ": < node") throws -> String {
        try bench.run("cd \(bench.folder); \(how)", in: [group])
    }

    @Test(arguments: [false, true]) func `a slice opens what is allowed and nothing else`(unified: Bool) throws {
        try withGroup(unified: unified) { bench, group in
            #expect(try open(bench, group).hasSuffix(Self.allowed), "the control: without a filter it is allowed")
            try bench.tree.filterDevices(DeviceRule.base, of: group)
            #expect(try DeviceFilter.isInForce(DeviceRule.base, on: group))
            for how in [": < node", ": > node", ": < disk"] {
                #expect(try open(bench, group, how).hasSuffix(Self.denied), "\(how)")
            }
            let harmless = "for n in null zero full random urandom; do : < /dev/$n || echo $n; done; echo x > /dev/null"
            #expect(try open(bench, group, harmless) == "")
        }
    }

    @Test(arguments: [false, true]) func `a slice makes no node, not even of what it may open`(unified: Bool) throws {
        try withGroup(unified: unified) { bench, group in
            let make = "mknod own c 1 3 && echo made; rm -f own"
            #expect(try open(bench, group, make) == "made", "the control: without a filter it is made")
            try bench.tree.filterDevices(DeviceRule.base, of: group)
            #expect(try open(bench, group, make).hasSuffix(Self.denied))
        }
    }

    @Test(arguments: [false, true]) func `new rules take the place of the old ones`(unified: Bool) throws {
        try withGroup(unified: unified) { bench, group in
            let granted = DeviceRule.base + [DeviceRule(.character, major: 195, minor: 0, access: .read)]
            try bench.tree.filterDevices(DeviceRule.base, of: group)
            try bench.tree.filterDevices(granted, of: group)
            #expect(try open(bench, group).hasSuffix(Self.allowed))
            #expect(try open(bench, group, ": > node").hasSuffix(Self.denied), "reading was granted, not writing")
            #expect(try open(bench, group, ": < disk").hasSuffix(Self.denied), "a block device of the same numbers")
            // And back: what was granted is taken again.
            try bench.tree.filterDevices(DeviceRule.base, of: group)
            #expect(try open(bench, group).hasSuffix(Self.denied))
        }
    }

    @Test func `many rules and every minor fit into one filter`() throws {
        try withGroup(unified: true) { bench, group in
            let many = (1...100).map { DeviceRule(.block, major: UInt32($0), minor: UInt32($0), access: .read) }
            try bench.tree.filterDevices(many + [DeviceRule(.character, major: 195, minor: nil)], of: group)
            #expect(try open(bench, group).hasSuffix(Self.allowed))
            #expect(try open(bench, group, ": < /dev/zero").hasSuffix(Self.denied))
            let tooMany = (1...200).map { DeviceRule(.block, major: UInt32($0), minor: 0) }
            #expect(throws: HostError.self) { try bench.tree.filterDevices(tooMany, of: group) }
            #expect(try open(bench, group).hasSuffix(Self.allowed), "the old filter stays")
        }
    }

    @Test(arguments: [false, true]) func `groups below are denied as well`(unified: Bool) throws {
        try withGroup(unified: unified) { bench, group in
            try HostFile.makeFolder(group + "/below")
            #expect(try open(bench, group + "/below").hasSuffix(Self.allowed), "the control")
            rmdir(group + "/below")
            // Version 1 refuses while a group below is not quite gone, which takes a moment.
            #expect(eventually { (try? bench.tree.filterDevices(DeviceRule.base, of: group)) != nil })
            try HostFile.makeFolder(group + "/below")
            #expect(try open(bench, group + "/below").hasSuffix(Self.denied))
        }
    }

    @Test(arguments: [false, true]) func `a group without a filter is told from one with`(unified: Bool) throws {
        try withGroup(unified: unified) { _, group in
            let isInForce = try DeviceFilter.isInForce(DeviceRule.base, on: group)
            #expect(!isInForce)
            #expect(throws: HostError.self) { try DeviceFilter.isInForce([], on: "/tmp/no-such-group") }
        }
    }
}
