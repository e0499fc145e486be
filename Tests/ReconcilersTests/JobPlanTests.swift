import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams

@Suite struct JobPlanTests {
    @Test func `a new job gets its members and a record in one transaction`() throws {
        let scene = try JobScene()
        #expect(
            scene.plan.description == """
                is new; begins attempt 1
                  create Slice lab/j-1-0
                  create Task lab/j-1-0
                  create Slice lab/j-1-1
                  create Task lab/j-1-1
                  set Job lab/j Queued, attempt 1 Drafting
                """)
        #expect(scene.plan.transactions.count == 1)
        let slice = try #require(scene.created.first)
        #expect(slice.metadata.finalizers == ["tidemill.dev/release"])
        #expect(slice.metadata.ownerReferences.map(\.uid) == ["uid-j"])
        #expect(slice.spec.onDisconnect.policy == .keep)
    }

    @Test func `an attempt that was half written is completed`() throws {
        var scene = try JobScene()
        scene.member(0, .pending, node: nil)
        #expect(
            scene.plan.description == """
                is new; begins attempt 1
                  create Slice lab/j-1-1
                  create Task lab/j-1-1
                  set Job lab/j Queued, attempt 1 Drafting
                """)
    }

    @Test func `a job waits for the objects of an earlier job of its name, and says so once`() throws {
        var scene = try JobScene()
        scene.namesTaken = ["j-1-1"]
        #expect(
            scene.plan.description == "waits for the objects of an earlier job\n  set Job lab/j Pending (NamesTaken)")
        scene.job = try #require(scene.jobAfter)
        #expect(scene.plan.transactions.isEmpty)
    }

    @Test func `a gang starts once every member is prepared`() throws {
        var scene = try JobScene()
        scene.gang(.committed)
        scene.member(0, .prepared)
        scene.member(1, .reserved)
        #expect(scene.plan.description == "waits for 1/2 members to be prepared")
        scene.slices[1].status.state = .prepared
        #expect(scene.plan.description == "has every member prepared\n  set Job lab/j Running, attempt 1 Started")
        #expect(scene.jobAfter?.status.startedAt == scene.now)
    }

    @Test func `a gang that is not prepared after a while says for whom it waits`() throws {
        var scene = try JobScene()
        scene.gang(.committed)
        scene.member(0, .prepared) { $0.status.conditions = [scheduled(at: 996)] }
        scene.member(1, .reserved, node: "b") { $0.status.conditions = [scheduled(at: 996)] }
        // That of an earlier attempt, since when the job has been scheduled.
        scene.job.status.conditions = [scheduled(at: 1)]
        #expect(scene.plan.transactions.isEmpty)
        #expect(scene.plan.wakeAt == Timestamp(seconds: 1001))
        scene.now = Timestamp(seconds: 1001)
        #expect(scene.jobAfter?.status.message == "1/2 members are prepared; waiting for b.")
        scene.job = try #require(scene.jobAfter)
        #expect(scene.plan.transactions.isEmpty)
        #expect(scene.plan.wakeAt == Timestamp(seconds: 1056))
    }

    @Test func `a node that neither prepares nor refuses for a minute is passed over by the next attempt`() throws {
        var scene = try JobScene()
        scene.gang(.committed)
        scene.member(0, .prepared) { $0.status.conditions = [scheduled(at: 940)] }
        scene.member(1, .reserved, node: "b") { $0.status.conditions = [scheduled(at: 941)] }
        #expect(!scene.plan.description.contains("Abandoned"))
        scene.now = Timestamp(seconds: 1001)
        #expect(
            scene.plan.description == """
                abandons the attempt: PrepareTimeout
                  set Job lab/j Queued (PrepareTimeout), attempt 1 Abandoned
                """)
        #expect(scene.jobAfter?.status.message == "1/2 members were prepared within 60s; not on b.")
        scene.job = try #require(scene.jobAfter)
        // The node may be at it just now: it is asked to end the slice, not passed over silently.
        #expect(
            scene.plan.description == """
                withdraws the abandoned attempt
                  set Slice lab/j-1-0 Releasing (PrepareTimeout)
                  set Slice lab/j-1-1 Releasing (PrepareTimeout)
                """)
        for change in scene.plan.transactions.joined() {
            guard let slice = change.object as? Kinds.Slice else { continue }
            scene.slices = scene.slices.map { $0.metadata.name == slice.metadata.name ? slice : $0 }
        }
        let next = scene.created.map(\.status.refusedBy)
        #expect(next.map { $0.map(\.node) } == [[], ["b"]])
        #expect(next.last?.first?.until == Timestamp(seconds: 1002))
    }

    @Test func `an edit of the job takes effect with the next attempt`() throws {
        var scene = try JobScene(members: 1)
        scene.gang(.started)
        scene.member(0, .active, task: .running)
        scene.job.spec.onDisconnect = Kinds.OnDisconnect(policy: .stop, after: APIDuration(.seconds(5)))
        scene.job.spec.tolerations = [Kinds.Toleration(operator: .exists)]
        scene.job.metadata.generation = 2
        #expect(!scene.plan.description.contains("Slice"))
        scene.slices[0].status.state = .lost
        scene.tasks[0].status.state = .fenced
        let next = try #require(scene.created.first)
        #expect(next.metadata.name == "j-2-0")
        #expect(next.spec.onDisconnect == scene.job.spec.onDisconnect)
        #expect(next.spec.tolerations == scene.job.spec.tolerations)
        #expect(scene.slices[0].spec.onDisconnect.policy == .keep)
    }

    @Test func `a refusal abandons the attempt and nothing else`() throws {
        var scene = try JobScene()
        scene.gang(.committed)
        scene.member(0, .prepared)
        scene.member(1, .reserved) { $0.status.refusedBy = [refusal("a", "Occupied", times: 1)] }
        #expect(
            scene.plan.description
                == "abandons the attempt: Occupied\n  set Job lab/j Queued (Occupied), attempt 1 Abandoned")
    }

    @Test func `what another node refused earlier does not abandon the attempt`() throws {
        var scene = try JobScene(members: 1)
        scene.gang(.committed)
        scene.member(0, .reserved) { $0.status.refusedBy = [refusal("b", "Occupied", times: 1)] }
        #expect(scene.plan.transactions.isEmpty)
    }

    @Test func `a silent node before the start abandons the attempt`() throws {
        var scene = try JobScene()
        scene.gang(.committed)
        scene.member(0, .prepared)
        scene.member(1, .prepared) { $0.status.reason = "NodeDisconnected" }
        #expect(scene.plan.description.contains("attempt 1 Abandoned"))
    }

    @Test func `members of an abandoned attempt are asked to go before the next begins`() throws {
        var scene = try JobScene(members: 3)
        scene.gang(.abandoned)
        scene.member(0, .prepared)
        scene.member(1, .reserved) { $0.status.refusedBy = [refusal("a", "Occupied", times: 1)] }
        scene.member(2, .reserved)
        #expect(
            scene.plan.description == """
                withdraws the abandoned attempt
                  set Slice lab/j-1-0 Releasing (Abandoned)
                  set Slice lab/j-1-1 Released (Abandoned)
                  set Slice lab/j-1-2 Releasing (Abandoned)
                """)
        for index in scene.slices.indices { scene.slices[index].status.state = .released }
        #expect(
            scene.plan.description.hasPrefix(
                "abandoned attempt 1 (conflict); begins attempt 2\n  create Slice lab/j-2-0"))
    }

    @Test func `a draft that was never committed is released at once`() throws {
        var scene = try JobScene()
        scene.gang(.abandoned, nodes: [])
        scene.member(0, .reserved)
        scene.member(1, .pending, node: nil)
        #expect(
            scene.plan.description
                == "withdraws the abandoned attempt\n  set Slice lab/j-1-0 Released (Abandoned)")
    }

    @Test func `a refusal is carried to the next attempt with a longer back-off each time`() throws {
        var scene = try JobScene(members: 1)
        scene.gang(.abandoned)
        scene.member(0, .reserved) {
            $0.status.refusedBy = [refusal("a", "Occupied", times: 1), refusal("b", "OldEpoch", times: 2)]
            $0.metadata.annotations["tidemill.dev/refusals"] = "a=3"
        }
        // Refused by its node, so the controller releases it; the refusal is carried all the same.
        scene.slices[0].status.state = .reserved
        #expect(scene.plan.description.contains("set Slice lab/j-1-0 Released"))
        scene.slices[0].status.state = .released
        let carried = try #require(scene.created.first?.status.refusedBy)
        #expect(carried.map(\.node) == ["a", "b"])
        #expect(carried.first?.times == 4)
        #expect(carried.first?.until == Timestamp(seconds: 1008))
        #expect(scene.created.first?.metadata.annotations["tidemill.dev/refusals"] == "a=4,b=2")
    }

    @Test func `a member that its node could not prepare is a failure, with its back-off and its end`() throws {
        let end = Kinds.TaskEnd(reason: "StartError", message: "The slice could not be prepared.", token: 50)
        var scene = try JobScene(members: 2, retries: 1)
        scene.gang(.committed)
        scene.member(0, .prepared)
        scene.member(1, .released, task: .failed, end: end) { $0.status.reason = "StartError" }
        #expect(scene.plan.description.contains("set Job lab/j Queued (StartError), attempt 1 Abandoned"))
        scene.job = try #require(scene.jobAfter)
        #expect(scene.plan.description.contains("set Slice lab/j-1-0 Releasing (StartError)"))
        scene.slices[0].status.state = .releasing
        #expect(scene.plan.description.hasPrefix("failed 1 times, 1 retries; begins attempt 2"))
        let retried = try #require(scene.jobAfter?.status)
        #expect(retried.failures == 1)
        #expect(retried.nextAttemptAt.map { $0 > scene.now } == true)
        scene.job.spec.retries = 0
        #expect(
            scene.plan.description
                == """
                failed 1 times, 0 retries
                  set Job lab/j Failed (StartError), attempt 1 Abandoned
                """)
    }

    @Test func `what an abandoned attempt left is removed`() throws {
        var scene = try JobScene(members: 1)
        scene.gang(.drafting, attempt: 2)
        scene.member(0, .released, attempt: 1)
        scene.member(0, .pending, attempt: 2, node: nil)
        #expect(scene.plan.description == "waits to be placed\n  delete Slice lab/j-1-0\n  delete Task lab/j-1-0")
    }

    @Test func `a slice that a restored store knows as Pending goes, whatever a late report says of its task`() throws {
        var scene = try JobScene(members: 1)
        scene.gang(.drafting, attempt: 2)
        scene.member(0, .pending, task: .fenced, attempt: 1, node: nil)
        scene.member(0, .pending, attempt: 2, node: nil)
        #expect(scene.plan.description == "waits to be placed\n  delete Slice lab/j-1-0\n  delete Task lab/j-1-0")
    }

    @Test func `a member deleted before its placement abandons the attempt`() throws {
        var scene = try JobScene(members: 1)
        scene.gang(.drafting, nodes: [])
        scene.member(0, .pending, node: nil) { $0.metadata.deletionTimestamp = Timestamp(seconds: 1) }
        #expect(scene.plan.description.contains("set Job lab/j Queued (MemberDeleted), attempt 1 Abandoned"))
    }

    func scheduled(at seconds: Int64) -> Kinds.Condition {
        Kinds.Condition(type: "Scheduled", status: .true, lastTransitionTime: Timestamp(seconds: seconds))
    }

    func refusal(_ node: String, _ reason: String, times: Int64) -> Kinds.Refusal {
        Kinds.Refusal(node: node, reason: reason, until: Timestamp(seconds: 1001), times: times)
    }
}
