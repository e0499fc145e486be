import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams

@Suite struct JobEndingTests {
    @Test func `a job succeeds when every member has`() throws {
        var scene = try JobScene()
        scene.gang(.started)
        scene.member(0, .released, task: .succeeded) {
            $0.status.cardSeconds = "1.250"; $0.status.isolation = .enforced
        }
        scene.member(1, .active, task: .running)
        #expect(scene.plan.description == "runs 1 members\n  set Job lab/j Running, attempt 1 Started")
        #expect(scene.jobAfter?.status.succeeded == 1)
        scene.tasks[1].status.state = .succeeded
        scene.slices[1].status.cardSeconds = "0.5"
        scene.slices[1].status.isolation = .advisory
        #expect(scene.plan.description == "has every member succeeded\n  set Job lab/j Succeeded, attempt 1 Started")
        let job = try #require(scene.jobAfter)
        #expect(job.status.cardSeconds == "1.750")
        #expect(job.status.isolation == .advisory)
        #expect(job.status.lastToken == 50)
        #expect(job.status.conditions.map(\.type) == ["Complete"])
    }

    @Test func `a final job is never moved again`() throws {
        var scene = try JobScene()
        scene.gang(.started)
        scene.member(0, .released, task: .failed)
        scene.member(1, .released, task: .failed)
        scene.job = try #require(scene.jobAfter)
        #expect(scene.job.status.state == .failed)
        for index in scene.tasks.indices { scene.tasks[index].status.state = .succeeded }
        #expect(scene.plan.description == "is Failed")
    }

    @Test func `a failed member ends its gang before anything is decided`() throws {
        var scene = try JobScene(members: 3, retries: 1)
        scene.gang(.started)
        scene.member(0, .active, task: .running)
        scene.member(1, .releasing, task: .failed)
        scene.member(2, .active, task: .succeeded)
        #expect(
            scene.plan.description == """
                member 1 is Failed; waits for 0/3 slices to be released
                  set Slice lab/j-1-0 Releasing (GangEnded)
                """)
    }

    @Test func `a retry waits, and the last failure is the job's`() throws {
        var scene = try JobScene(members: 1, retries: 1)
        scene.gang(.started)
        scene.member(0, .released, task: .failed)
        #expect(
            scene.plan.description == """
                failed 1 times, 1 retries; begins attempt 2
                  create Slice lab/j-2-0
                  create Task lab/j-2-0
                  set Job lab/j Queued (Error), attempt 2 Drafting
                """)
        #expect(scene.jobAfter?.status.failures == 1)
        #expect(scene.jobAfter?.status.nextAttemptAt == Timestamp(seconds: 1001))
        scene.job.status.failures = 1
        #expect(
            scene.plan.description
                == "failed 2 times, 1 retries\n  set Job lab/j Failed (Error), attempt 1 Started")
        #expect(scene.jobAfter?.status.message == "Member 0 of attempt 1 failed: exit status 7")
    }

    @Test(arguments: [Kinds.TaskState.fenced, .lost, .preempted])
    func `a member that was not at fault starts the gang again without counting`(_ state: Kinds.TaskState) throws {
        var scene = try JobScene(members: 2)
        scene.gang(.started)
        scene.member(0, .lost, task: state)
        scene.member(1, .released, task: .failed, end: Kinds.TaskEnd(reason: "GangEnded", token: 50))
        #expect(scene.jobAfter?.status.gang?.attempt == 2)
        #expect(scene.jobAfter?.status.failures == nil)
        #expect(scene.jobAfter?.status.lastToken == 50)
    }

    @Test func `the end of an older grant does not count`() throws {
        var scene = try JobScene(members: 1)
        scene.gang(.started)
        scene.member(0, .active, task: .succeeded, end: Kinds.TaskEnd(reason: "Completed", token: 49))
        #expect(scene.plan.transactions.isEmpty)
        scene.tasks[0].status.end?.token = 50
        #expect(scene.jobAfter?.status.state == .succeeded)
    }

    @Test func `a slice that was released without an end is a lost task`() throws {
        var scene = try JobScene(members: 1)
        scene.gang(.started)
        scene.member(0, .released, task: .running)
        #expect(scene.jobAfter?.status.gang?.attempt == 2)
        #expect(scene.jobAfter?.status.reason == "Lost")
    }

    @Test func `nothing replaces a kept slice while its node is silent`() throws {
        var scene = try JobScene(members: 1)
        scene.gang(.started)
        scene.member(0, .active, task: .running) { $0.status.reason = "NodeDisconnected" }
        #expect(scene.plan.transactions.isEmpty)
    }

    @Test func `a finished job goes when its time to live is over`() throws {
        var scene = try JobScene(members: 1, ttl: .seconds(60))
        scene.gang(.started)
        scene.member(0, .released, task: .succeeded)
        scene.job = try #require(scene.jobAfter)
        #expect(scene.plan.wakeAt == Timestamp(seconds: 1060))
        #expect(scene.plan.transactions.isEmpty)
        scene.now = Timestamp(seconds: 1060)
        #expect(scene.plan.description == "has outlived its ttl\n  delete Job lab/j")
    }

    @Test(
        arguments: [
            (1, 0, 1), (2, 0, 2), (3, 0, 4), (9, 0, 300), (50, 0, 300), (2, 1, 1), (2, 3, 1), (9, 150, 150), (0, 0, 1),
        ] as [(Int64, UInt64, Int64)])
    func `back-offs double up to five minutes and lose at most half`(_ times: Int64, _ jitter: UInt64, _ seconds: Int64)
    {
        #expect(BackOff.delaySeconds(times: times, jitter: jitter) == seconds)
    }
}
