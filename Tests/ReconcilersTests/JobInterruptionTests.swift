import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore

@Suite struct JobInterruptionTests {
    /// A member that ended at 1000 after it ran for so long.
    private func scene(
        ran seconds: Int64 = 10, _ state: Kinds.TaskState = .fenced, reason: String = "Fenced", before: Int64? = nil
    ) throws -> JobScene {
        var scene = try JobScene(members: 1, retries: 3)
        scene.gang(.started)
        scene.job.status.interruptions = before
        let end = Kinds.TaskEnd(reason: reason, finishedAt: scene.now, token: 50)
        scene.member(0, .released, task: state, end: end) {
            $0.status.activeAt = Timestamp(seconds: 1000 - seconds)
        }
        return scene
    }

    @Test(
        arguments: [(nil, 1, 1001), (1, 2, 1002), (3, 4, 1008), (20, 21, 1300)] as [(Int64?, Int64, Int64)])
    func `the back-off grows with the interruptions`(_ before: Int64?, _ after: Int64, _ next: Int64) throws {
        let job = try #require(try scene(before: before).jobAfter)
        #expect(job.status.interruptions == after)
        #expect(job.status.nextAttemptAt == Timestamp(seconds: next))
        #expect(job.status.failures == nil)
        #expect(job.status.gang?.attempt == 2)
    }

    @Test(arguments: [(nil, nil), (5, 1000 + 32 - 9)] as [(Int64?, Int64?)])
    func `the silence of a lost node is part of the wait`(_ before: Int64?, _ next: Int64?) throws {
        var scene = try scene(before: before)
        scene.slices[0].status.state = .lost
        scene.slices[0].status.grant?.policy = .stop
        scene.slices[0].status.grant?.after = APIDuration(.milliseconds(9_500))
        let job = try #require(scene.jobAfter)
        #expect(job.status.gang?.attempt == 2)
        #expect(job.status.nextAttemptAt == next.map { Timestamp(seconds: $0) })
    }

    @Test func `the back-off has jitter`() throws {
        let scene = try scene(before: 5)
        let seen = JobObservation(
            job: scene.job, slices: scene.slices, tasks: scene.tasks, now: scene.now, jitter: 7)
        let plan = JobPlan.plan(seen)
        #expect(plan.wakeAt == Timestamp(seconds: 1000 + 32 - 7))
    }

    @Test(arguments: [(599, 6), (600, 1)] as [(Int64, Int64)])
    func `an attempt that ran for ten minutes forgives what came before`(_ ran: Int64, _ count: Int64) throws {
        #expect(try scene(ran: ran, before: 5).jobAfter?.status.interruptions == count)
    }

    @Test func `a failure counts against retries and leaves the interruptions`() throws {
        let job = try #require(try scene(.failed, reason: "Error", before: 5).jobAfter)
        #expect(job.status.failures == 1)
        #expect(job.status.interruptions == 5)
        #expect(try scene(ran: 600, .failed, reason: "Error", before: 5).jobAfter?.status.interruptions == 0)
    }

    @Test(arguments: ["Drained", "TaintNoExecute"])
    func `an evicted attempt is Preempted and starts again`(_ reason: String) throws {
        let job = try #require(try scene(.preempted, reason: reason).jobAfter)
        #expect(job.status.reason == "Preempted")
        #expect(
            job.status.message == "Member 0 of attempt 1 was preempted (\(reason)); attempt 2 starts after 1s.")
        #expect(job.status.interruptions == 1)
    }

    @Test func `a member that fails because its gang is evicted is no failure of the job`() throws {
        var scene = try JobScene(members: 2, retries: 0)
        scene.gang(.started)
        scene.member(0, .released, task: .preempted, end: Kinds.TaskEnd(reason: "Drained", token: 50)) {
            $0.status.reason = "Drained"
        }
        scene.member(1, .released, task: .failed, end: Kinds.TaskEnd(exitCode: 1, reason: "Error", token: 50))
        let job = try #require(scene.jobAfter)
        #expect(job.status.gang?.attempt == 2)
        #expect(job.status.failures == nil)
        // A limit of its own is its own.
        scene.tasks[1].status.end?.reason = "MemoryLimitExceeded"
        #expect(scene.jobAfter?.status.state == .failed)
    }

    @Test func `an evicted gang waits until all of it is released`() throws {
        var scene = try JobScene()
        scene.gang(.started)
        scene.member(0, .released, task: .preempted, end: Kinds.TaskEnd(reason: "Drained", token: 50))
        scene.member(1, .releasing, task: .running) { $0.status.reason = "Drained" }
        #expect(scene.plan.description == "member 0 is Preempted; waits for 1/2 slices to be released")
    }

    @Test(
        arguments: [
            (.lost, .fenced), (.released, .lost), (.released, .fenced), (.released, .running), (.lost, .running),
        ] as [(Kinds.SliceState, Kinds.TaskState)])
    func `what ran on a node that was confirmed dead is Lost and starts elsewhere`(
        _ slice: Kinds.SliceState, _ task: Kinds.TaskState
    ) throws {
        var scene = try JobScene(members: 1)
        scene.gang(.started)
        scene.member(0, slice, task: task, end: task == .running ? nil : Kinds.TaskEnd(reason: "NodeLost", token: 50)) {
            $0.status.reason = "NodeLost"
        }
        let job = try #require(scene.jobAfter)
        #expect(job.status.gang?.attempt == 2)
        #expect(job.status.interruptions == 1)
        #expect(job.status.failures == nil)
        #expect(job.status.lastToken == 50)
    }
}
