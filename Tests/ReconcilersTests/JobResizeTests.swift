import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams

@Suite struct JobResizeTests {
    @Test func `an attempt that waits to be placed is given up for one of the new size`() throws {
        var scene = try JobScene()
        scene.gang(.drafting, nodes: [])
        scene.member(0, .pending, node: nil)
        scene.member(1, .pending, node: nil)
        #expect(scene.plan.description == "waits to be placed")
        scene.job.spec.gang.min = 3
        #expect(
            scene.plan.description
                == "abandons the attempt: Resized\n  set Job lab/j Queued (Resized), attempt 1 Abandoned")
        scene.job = try #require(scene.jobAfter)
        #expect(scene.job.status.message == "The gang was resized from 2 to 3 before it was placed.")
        let next = scene.plan
        #expect(next.reason == "abandoned attempt 1 (Resized); begins attempt 2")
        #expect(scene.created.map(\.metadata.name) == ["j-2-0", "j-2-1", "j-2-2"])
        #expect(scene.created.map { $0.spec.member?.size } == [3, 3, 3])
        #expect(scene.jobAfter?.status.members == 3)
    }

    @Test(arguments: [1, 3] as [Int64]) func `an attempt that runs keeps its size`(_ size: Int64) throws {
        var scene = try JobScene()
        scene.gang(.started)
        scene.member(0, .active, task: .running)
        scene.member(1, .active, task: .running)
        scene.job.spec.gang.min = size
        #expect(scene.plan.description == "runs 2 members")
        scene.tasks[0].status.state = .succeeded
        scene.slices[0].status.state = .released
        #expect(scene.jobAfter?.status.succeeded == 1)
        scene.tasks[1].status.state = .succeeded
        scene.slices[1].status.state = .released
        #expect(scene.jobAfter?.status.state == .succeeded)
    }

    @Test func `a committed attempt starts with the size that it has`() throws {
        var scene = try JobScene()
        scene.gang(.committed)
        scene.member(0, .prepared)
        scene.member(1, .prepared)
        scene.job.spec.gang.min = 1
        #expect(scene.jobAfter?.status.gang?.state == .started)
    }

    @Test func `what was half begun in another size is left behind`() throws {
        var scene = try JobScene()
        scene.member(0, .pending, node: nil)
        scene.job.spec.gang.min = 3
        #expect(scene.plan.reason == "is new; begins attempt 2")
        #expect(scene.created.map(\.metadata.name) == ["j-2-0", "j-2-1", "j-2-2"])
        scene.job = try #require(scene.jobAfter)
        #expect(scene.plan.description.contains("delete Slice lab/j-1-0"))
    }

    @Test func `what was half begun in two other sizes is left behind as well`() throws {
        var scene = try JobScene()
        scene.member(0, .pending, node: nil)
        scene.job.spec.gang.min = 3
        scene.member(0, .pending, attempt: 2, node: nil)
        scene.job.spec.gang.min = 4
        #expect(scene.plan.reason == "is new; begins attempt 3")
        #expect(scene.created.map { $0.spec.member?.size } == [4, 4, 4, 4])
    }

    @Test func `a resize does not end the wait after a failure`() throws {
        var scene = try JobScene(retries: 3)
        scene.gang(.abandoned, attempt: 2, nodes: [])
        scene.job.status.gang?.reason = "Resized"
        scene.job.status.nextAttemptAt = Timestamp(seconds: 1300)
        scene.job.spec.gang.min = 3
        #expect(scene.jobAfter?.status.nextAttemptAt == Timestamp(seconds: 1300))
        scene.job.status.gang?.reason = "MemberDeleted"
        #expect(scene.jobAfter?.status.nextAttemptAt == nil)
    }
}
