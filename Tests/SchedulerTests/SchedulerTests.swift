import Testing
import TidemillLease
import TidemillModel
import TidemillScheduler
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite struct SchedulerTests {
    @Test func `a gang is granted, recorded and committed at one revision`() async throws {
        let scene = try await Scene()
        try await scene.submit("j", members: 2)
        let token = await scene.resources.store.currentRevision()
        await scene.scheduler().cycle()

        let job = try #require(try await scene.job("j"))
        #expect(job.status.gang == Kinds.GangRecord(attempt: 1, state: .committed, nodes: ["a"]))
        let slices = try await scene.slices()
        #expect(slices.map(\.status.state) == [.reserved, .reserved])
        #expect(slices.compactMap(\.status.grant?.epoch) == [1, 2])
        #expect(slices.compactMap(\.status.grant?.token) == [token.rawValue, token.rawValue])
        #expect(slices.map(\.status.grant?.after) == [APIDuration(.seconds(10)), APIDuration(.seconds(10))])
        #expect(Set((slices.map(\.metadata.resourceVersion) + [job.metadata.resourceVersion])).count == 1)

        let record = try #require(try await scene.allocation("a"))
        #expect(record.epoch == Epoch(2))
        #expect(record.held.map(\.slice) == ["j-1-0", "j-1-1"])
        #expect(record.held.map(\.sliceUID.rawValue) == slices.map(\.metadata.uid))
    }

    @Test func `the next grant of a node has the next epoch and knows what is held`() async throws {
        let scene = try await Scene()
        try await scene.submit("big", milliCPU: 90_000)
        await scene.scheduler().cycle()
        try await scene.submit("other", milliCPU: 20_000)
        try await scene.submit("small", milliCPU: 10_000)
        await scene.scheduler().cycle()
        #expect(
            try await scene.job("other")?.status.message == """
                0/1 nodes: 1 short of 20 cpu (largest free 10). Free 10 cpu on a.
                """)
        #expect(try await scene.allocation("a")?.held.map(\.slice) == ["big-1-0", "small-1-0"])
        #expect(try await scene.allocation("a")?.epoch == Epoch(2))
    }

    @Test func `two gangs of one cycle on one node are both granted`() async throws {
        let scene = try await Scene()
        try await scene.submit("j1")
        try await scene.submit("j2")
        await scene.scheduler().cycle()
        #expect(try await scene.allocation("a")?.held.map(\.epoch) == [Epoch(1), Epoch(2)])
        #expect(try await scene.job("j2")?.status.gang?.state == .committed)
    }

    @Test func `gangs of one cycle share a commit, as far as one has room`() async throws {
        let scene = try await Scene()
        for number in 10..<80 { try await scene.submit("j\(number)") }
        await scene.scheduler().cycle()
        let slices = try await scene.slices()
        #expect(slices.allSatisfy { $0.status.state == .reserved })
        #expect(slices.compactMap(\.status.grant?.epoch).sorted() == Array(1...70))
        #expect(try await scene.allocation("a")?.held.map(\.epoch.rawValue) == Array(1...70))
        // Each gang takes its slice, its job and its event; the record is written once.
        #expect(Set(slices.map(\.metadata.resourceVersion)).count == 3)
    }

    @Test func `what was granted alone stays in the record that the next commit writes`() async throws {
        let scene = try await Scene()
        // One of more members than a commit takes, then more than fit one commit, of which one stands in the way.
        try await scene.submit("a", members: 60, milliCPU: 100)
        for number in 0..<70 { try await scene.submit("j\(10 + number)", milliCPU: 100) }
        let resources = scene.resources
        await scene.scheduler(
            Interruption(during: {
                guard var job = try? await resources.read(Kinds.Job.self, namespace: "default", name: "j12"),
                    job.metadata.annotations.isEmpty
                else { return }
                job.metadata.annotations["touched"] = "yes"
                _ = try? await resources.transact([.update(job)])  // Nothing else writes the job now.
            })
        ).cycle()
        let held = try #require(try await scene.allocation("a")).held
        #expect(held.count == 129)
        #expect(Set(held.map(\.epoch)).count == 129)
        let granted = try await scene.slices().filter { $0.status.state == .reserved }
        #expect(Set(held.map(\.sliceUID.rawValue)) == Set(granted.map(\.metadata.uid)))
    }

    @Test func `a gang that changed meanwhile holds up none that it would share a commit with`() async throws {
        let scene = try await Scene()
        for name in ["j1", "j2", "j3"] { try await scene.submit(name) }
        let resources = scene.resources
        await scene.scheduler(
            Interruption(during: {
                guard var job = try? await resources.read(Kinds.Job.self, namespace: "default", name: "j2"),
                    job.metadata.annotations.isEmpty
                else { return }
                job.metadata.annotations["touched"] = "yes"
                _ = try? await resources.transact([.update(job)])  // Nothing else writes the job now.
            })
        ).cycle()
        #expect(try await scene.job("j1")?.status.gang?.state == .committed)
        #expect(try await scene.job("j2")?.status.gang?.state == .drafting)
        #expect(try await scene.job("j3")?.status.gang?.state == .committed)
        #expect(try await scene.allocation("a")?.held.map(\.slice) == ["j1-1-0", "j3-1-0"])
        #expect(try await scene.allocation("a")?.held.map(\.epoch) == [Epoch(1), Epoch(2)])
    }

    @Test func `a reason is written once`() async throws {
        let scene = try await Scene(nodes: [])
        try await scene.submit("j")
        await scene.scheduler().cycle()
        #expect(try await scene.job("j")?.status.reason == "InsufficientDevices")
        #expect(try await scene.slices().first?.status.reason == "InsufficientDevices")
        let revision = await scene.resources.store.currentRevision()
        await scene.scheduler().cycle()
        #expect(await scene.resources.store.currentRevision() == revision)
    }

    @Test func `a grant waits until its nodes renew often enough`() async throws {
        let scene = try await Scene()
        try await scene.submit("j")
        await scene.scheduler(Interruption(agrees: false)).cycle()
        #expect(try await scene.job("j")?.status.gang?.state == .drafting)
        #expect(try await scene.job("j")?.status.reason == "GangNotReady")
        #expect(try await scene.allocation("a") == nil)
        await scene.scheduler().cycle()
        #expect(try await scene.job("j")?.status.reason == nil)
        #expect(try await scene.job("j")?.status.gang?.state == .committed)
    }

    @Test func `a hold is written on the job and its slices, once, and goes with the grant`() async throws {
        let scene = try await Scene()
        try await scene.submit("j")
        let hold = GrantPermission.Hold(reason: "ControllerRolledBack", message: "The store is an older copy.")
        let held = scene.scheduler(Interruption(allows: GrantPermission(everything: hold)))
        await held.cycle()
        let job = try #require(try await scene.job("j"))
        #expect(job.status.reason == hold.reason && job.status.message == hold.message)
        let scheduled = job.status.conditions.first { $0.type == "Scheduled" }
        #expect(scheduled?.status == .false && scheduled?.reason == hold.reason)
        #expect(try await scene.slices().map(\.status.reason) == [hold.reason])
        #expect(try await scene.allocation("a") == nil)
        let revision = await scene.resources.store.currentRevision()
        await held.cycle()
        #expect(await scene.resources.store.currentRevision() == revision)
        await scene.scheduler().cycle()
        #expect(try await scene.job("j")?.status.gang?.state == .committed)
        #expect(try await scene.job("j")?.status.reason == nil)
    }

    @Test func `what moved between plan and write grants nothing`() async throws {
        let scene = try await Scene()
        try await scene.submit("j", members: 2)
        let resources = scene.resources
        await scene.scheduler(
            Interruption(during: {
                let other = NodeAllocation(node: NodeID("a"), bootID: BootID("boot-a"), epoch: Epoch(7))
                // The record is new, so this cannot conflict.
                _ = try? await resources.transact([
                    .putRecord(key: NodeAllocation.key(NodeID("a")), other.json, expected: nil)
                ])
            })
        ).cycle()
        #expect(try await scene.job("j")?.status.gang?.state == .drafting)
        #expect(try await scene.slices().allSatisfy { $0.status.state == .pending })
        await scene.scheduler().cycle()
        #expect(try await scene.slices().compactMap(\.status.grant?.epoch) == [8, 9])
    }

    @Test func `a gang larger than one transaction is committed by its last part`() async throws {
        let scene = try await Scene(nodes: ["a", "b"])
        try await scene.submit("j", members: 130)
        await scene.scheduler().cycle()
        #expect(try await scene.job("j")?.status.gang?.state == .committed)
        let slices = try await scene.slices()
        #expect(slices.allSatisfy { $0.status.state == .reserved })
        let held = try await [scene.allocation("a"), scene.allocation("b")].compactMap { $0 }.flatMap(\.held)
        #expect(Set(held.map(\.sliceUID.rawValue)) == Set(slices.map(\.metadata.uid)))
        #expect(held.count == 130)
    }

    @Test func `a conflict half-way abandons the attempt`() async throws {
        let scene = try await Scene(nodes: ["a", "b"])
        try await scene.submit("j", members: 130)
        let resources = scene.resources
        await scene.scheduler(
            Interruption(during: {
                // The last part finds one of its slices changed.
                let read = try? await resources.read(Kinds.Slice.self, namespace: "default", name: "j-1-129")
                guard var slice = read else { return }
                slice.metadata.annotations["touched"] = "yes"
                _ = try? await resources.transact([.update(slice)])  // Nothing else writes the slice now.
            })
        ).cycle()
        #expect(try await scene.job("j")?.status.gang?.state == .abandoned)
        #expect(try await scene.job("j")?.status.gang?.nodes == [])
    }

    @Test func `no part of a gang is granted once its attempt is over`() async throws {
        let scene = try await Scene(nodes: ["a", "b"])
        try await scene.submit("j", members: 130)
        let resources = scene.resources
        await scene.scheduler(
            Interruption(during: {
                guard var job = try? await resources.read(Kinds.Job.self, namespace: "default", name: "j") else {
                    return
                }
                job.status.gang = Kinds.GangRecord(attempt: 2, state: .drafting)
                _ = try? await resources.transact([.updateStatus(job)])  // Nothing else writes the job now.
            })
        ).cycle()
        #expect(try await scene.slices().allSatisfy { $0.status.state == .pending })
        #expect(try await scene.allocation("a") == nil)
        #expect(try await scene.allocation("b") == nil)
    }
}
