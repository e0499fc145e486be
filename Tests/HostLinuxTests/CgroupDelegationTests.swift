import Testing
import TidemillHostLinux

@Suite struct CgroupDelegationTests {
    private func find(own: String, root: String, left: Set<String> = [], isTop: Bool = true) throws -> CgroupDelegation
    {
        try CgroupDelegation(mount: "/c", own: own, root: root, isTop: isTop, isLeft: { left.contains($0) })
    }

    @Test func `an absolute root is a group that was left to us, and stays as it is`() throws {
        let found = try find(
            own: "/system.slice/agent.service", root: "/system.slice/s.service", left: ["/c/system.slice/s.service"])
        #expect(found.base == "/c/system.slice/s.service")
        #expect(found.folders == ["/c/system.slice/s.service/tidemill"])
        #expect(!found.mustLeave)
    }

    @Test func `an absolute root that was left to nobody is refused`() throws {
        #expect(throws: HostError.self) { try find(own: "/", root: "/system.slice/s.service") }
    }

    @Test func `in a unit of its own the agent leaves the group that hands controllers down`() throws {
        let found = try find(own: "/system.slice/a.service", root: "tidemill/n1", left: ["/c/system.slice/a.service"])
        #expect(found.base == "/c/system.slice/a.service")
        #expect(found.root == "/c/system.slice/a.service/tidemill/n1")
        #expect(found.mustLeave && found.leaf == "/c/system.slice/a.service/agent")
    }

    @Test func `in its leaf it stays`() throws {
        let found = try find(own: "/a.service/agent", root: "tidemill", left: ["/c/a.service"])
        #expect(found.base == "/c/a.service" && !found.mustLeave)
    }

    @Test func `what was left to somebody above is not ours`() throws {
        let found = try find(
            own: "/user.slice/u.service/app.scope", root: "tidemill", left: ["/c/user.slice/u.service"])
        #expect(found.base == "/c")
        #expect(found.folders == ["/c/tidemill"] && !found.mustLeave)
    }

    @Test func `at the hierarchy's root processes may stay, at a container's they may not`() throws {
        #expect(try !find(own: "/", root: "tidemill").mustLeave)
        let container = try find(own: "/", root: "tidemill", isTop: false)
        #expect(container.mustLeave && container.leaf == "/c/agent")
    }

    @Test(arguments: ["", "/", "..", "a/../b", "/a/../b", "./a"]) func `a root that climbs out is refused`(root: String)
    {
        #expect(throws: HostError.self) { try find(own: "/", root: root, left: ["/c", "/c/a/../b"]) }
    }
}
