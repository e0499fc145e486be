import Testing
import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillReplay
import TidemillScheduler
import TidemillSeams
import TidemillStore
import TidemillWire

/// What the scheduler says to those who ask.
@Suite struct AnsweringTests {
    private func ask(_ scheduler: Scheduler, _ spec: Kinds.PlacementReviewSpec) async throws
        -> Kinds.PlacementReviewStatus
    {
        try await scheduler.answer(
            Kinds.PlacementReview(metadata: ObjectMeta(name: "r", namespace: "default"), spec: spec))
    }

    private func candidate(_ milliCPU: Int64, _ change: (inout Kinds.JobSpec) -> Void = { _ in })
        -> Kinds.PlacementReviewSpec
    {
        var spec = Kinds.JobSpec(
            slice: Kinds.SliceRequest(cpu: Quantity(milliCPU: milliCPU), memory: Quantity(bytes: 1 << 30)),
            template: Kinds.TaskTemplate(command: ["true"]))
        change(&spec)
        return Kinds.PlacementReviewSpec(job: spec)
    }

    @Test func `a candidate is answered for on the cluster as it is, and nothing is placed`() async throws {
        let scene = try await Scene()
        try await scene.submit("big", milliCPU: 90_000) { $0.spec.preemptibility = .preemptible }
        let scheduler = scene.scheduler()
        await scheduler.cycle()
        let revision = await scene.resources.store.currentRevision()

        let now = try await ask(scheduler, candidate(10_000))
        #expect(now.answer == .now && now.members.map(\.node) == ["a"] && now.revision == revision.rawValue)
        let after = try await ask(scheduler, candidate(20_000))
        #expect(after.answer == .afterPreemption)
        #expect(
            after.preempts == [
                Kinds.PlacementVictim(namespace: "default", job: "big", members: 1, cardUnits: "9/10")
            ])
        #expect(
            after.filters == [
                Kinds.PlacementFilter(nodes: 1, reason: "short of 20 cpu", largestFree: "10")
            ])
        #expect(after.unblock == Kinds.PlacementUnblock(node: "a", change: "Free 10 cpu on a."))
        let never = try await ask(scheduler, candidate(101_000))
        #expect(never.answer == .never && never.limits.map(\.largest) == ["100"])
        #expect(await scene.resources.store.currentRevision() == revision)
        #expect(await scheduler.decisions(latest: 10).map(\.gang.job) == ["big"])
    }

    @Test func `a job is answered for by where it is in its life`() async throws {
        let scene = try await Scene()
        try await scene.submit("placed", members: 2)
        try await scene.submit("waits", milliCPU: 99_000)
        try await scene.submit("held") { $0.status.nextAttemptAt = Timestamp(seconds: 5000) }
        try await scene.submit("over") { $0.status.state = .succeeded }
        let scheduler = scene.scheduler()
        await scheduler.cycle()
        func answer(_ name: String) async throws -> Kinds.PlacementReviewStatus {
            try await ask(scheduler, Kinds.PlacementReviewSpec(jobName: name))
        }
        let placed = try await answer("placed")
        #expect(placed.answer == .placed && placed.members.map(\.index) == [0, 1] && placed.decision == 1)
        let waits = try await answer("waits")
        #expect(waits.answer == .later && waits.reason == "InsufficientDevices" && waits.decision == 2)
        #expect(try await answer("held").answer == .held)
        #expect(try await answer("over").answer == .finished)
        await #expect(throws: APIError.notFound(resource: "jobs.tidemill.dev", name: "nobody")) {
            try await answer("nobody")
        }
    }

    @Test func `what the controller withholds is not said to fit`() async throws {
        let scene = try await Scene()
        let hold = GrantPermission.Hold(reason: "ControllerSuspect", message: "Many nodes fell silent.")
        let scheduler = scene.scheduler(Interruption(allows: GrantPermission(everything: hold)))
        let held = try await ask(scheduler, candidate(1000))
        #expect(held.answer == .held && held.reason == "ControllerSuspect" && held.message == hold.message)
        let partly = scene.scheduler(Interruption(allows: GrantPermission(nodes: [NodeID("a"): hold])))
        #expect(
            try await ask(partly, candidate(1000)).filters.map(\.reason) == [
                "passed over after refusing (ControllerSuspect)"
            ])
    }

    @Test func `a decision is made again from what is kept`() async throws {
        let scene = try await Scene(nodes: ["a", "b"])
        let scheduler = scene.scheduler()
        for number in 0..<5 {
            try await scene.submit("j\(number)", members: 2, milliCPU: 30_000)
            await scheduler.cycle()
        }
        let lines = await scheduler.decisions(latest: 100)
        #expect(lines.map(\.gang.job) == ["j0", "j1", "j2", "j3", "j4"])
        for line in lines {
            let recorded = try #require(await scheduler.decision(line.number))
            #expect(recorded.replayed().bytes == recorded.decision.bytes)
        }
        // What goes on waiting for the same is told of once.
        await scheduler.cycle()
        #expect(await scheduler.decisions(latest: 100).count == 5)
    }

    @Test func `jobs join and avoid each other, whoever says so, also within one cycle`() async throws {
        let scene = try await Scene(nodes: ["a", "b", "c"])
        func term(_ value: String) -> Kinds.JobAffinity {
            Kinds.JobAffinity(jobs: Kinds.LabelSelector(matchLabels: ["app": value]))
        }
        try await scene.submit("j1") { $0.metadata.labels = ["app": "web"] }
        try await scene.submit("j2") {
            $0.metadata.labels = ["app": "db"]
            $0.spec.placement = Kinds.PlacementConstraints(antiAffinity: [term("web")])
        }
        try await scene.submit("j3") { $0.spec.placement = Kinds.PlacementConstraints(affinity: [term("db")]) }
        let scheduler = scene.scheduler()
        await scheduler.cycle()
        func node(_ job: String) async throws -> String? { try await scene.job(job)?.status.gang?.nodes.first }
        let (web, db) = (try await node("j1"), try await node("j2"))
        #expect(web != nil && db != nil && web != db)
        #expect(try await node("j3") == db)
        // The web keeps away from the db, although it does not say so itself.
        try await scene.submit("j4", members: 3, milliCPU: 60_000) { $0.metadata.labels = ["app": "web"] }
        await scheduler.cycle()
        #expect(
            try await scene.job("j4")?.status.message?.contains("1 near the job j2, which keeps others away") == true)
        // Also of one that nobody created, when no other looks around.
        let near = try await ask(
            scheduler, candidate(1000) { $0.placement = Kinds.PlacementConstraints(affinity: [term("db")]) })
        #expect(near.answer == .now && near.members.map(\.node) == [db])
        let apart = try await ask(
            scheduler, candidate(1000) { $0.placement = Kinds.PlacementConstraints(antiAffinity: [term("db")]) })
        #expect(apart.answer == .now && apart.members.map(\.node) != [db])
        let lonely = try await ask(
            scheduler, candidate(1000) { $0.placement = Kinds.PlacementConstraints(affinity: [term("nobody")]) })
        #expect(lonely.filters.map(\.reason) == ["away from the jobs of placement.affinity"])
    }
}
