import Testing
import TidemillLease
import TidemillModel
import TidemillNodeCore
import TidemillNodeScenes
import TidemillSeams
import TidemillWire

@Suite("StatusPatch")
struct StatusPatchTests {
    let patches = StatusPatch(node: NodeID("n"), grade: .enforced, unenforced: [])

    static func slice(_ state: Kinds.SliceState, epoch: Int64 = 1, uid: String = "u1") -> Kinds.Slice {
        let member = Kinds.AttemptRef(job: "job", jobUID: "j1", index: 0, attempt: 1, size: 1)
        let condition = Kinds.Condition(type: "Scheduled", status: .true)
        return Kinds.Slice(
            metadata: ObjectMeta(name: "job-1-0", namespace: "lab", uid: uid, resourceVersion: "5", generation: 1),
            spec: Kinds.SliceSpec(
                request: Kinds.SliceRequest(), member: member, onDisconnect: Kinds.OnDisconnect(policy: .keep)),
            status: Kinds.SliceStatus(
                state: state, reason: "Old", message: "Old.",
                grant: Kinds.Grant(
                    node: "n", bootID: "boot-1", epoch: epoch, token: 11, sliceUID: uid, shares: [], policy: .keep),
                conditions: [condition]))
    }

    static func task(_ state: Kinds.TaskState, token: Int64? = nil) -> Kinds.Task {
        Kinds.Task(
            metadata: ObjectMeta(name: "job-1-0", namespace: "lab", uid: "t1", resourceVersion: "6"),
            spec: Kinds.TaskSpec(
                slice: "job-1-0", member: Kinds.AttemptRef(job: "job", jobUID: "j1", index: 0, attempt: 1, size: 1),
                template: Kinds.TaskTemplate(command: ["true"])),
            status: Kinds.TaskStatus(state: state, token: token))
    }

    static let released = Scene.held(
        .released(.init(startedAt: Scene.wall(5000), releasedAt: Scene.wall(5008), outcome: Scene.completed)))

    /// The status after the patch, as the server would have it.
    private func after(_ held: HeldSlice, _ current: Kinds.Slice) throws -> Kinds.SliceStatus? {
        guard let patch = patches.slice(held, over: current, at: Scene.wall(7)) else { return nil }
        #expect(patch.at(["metadata", "resourceVersion"]) == "5", "every write carries its revision")
        return try Kinds.Slice(json: MergePatch.apply(patch, to: current.json)).status
    }

    @Test func `Active says since when, at which grade, and keeps what others wrote`() throws {
        let status = try #require(try after(Scene.held(.active(Scene.task)), Self.slice(.prepared)))
        #expect(status.state == .active && status.isolation == .enforced && status.reason == nil)
        #expect(status.activeAt == Timestamp(Scene.wall(5000)))
        #expect(status.conditions.map(\.type) == ["Scheduled", "SliceEnforced"])
        #expect(status.grant?.epoch == 1)
    }

    @Test func `a request to end is not overwritten by Active`() throws {
        let status = try #require(try after(Scene.held(.active(Scene.task)), Self.slice(.releasing)))
        #expect(status.state == .releasing && status.activeAt != nil)
    }

    @Test func `a slice that does not become empty is Releasing, with the reason`() throws {
        let held = Scene.held(.emptying(startedAt: Scene.wall(5000), outcome: Scene.completed))
        let status = try #require(try after(held, Self.slice(.active)))
        #expect(status.state == .releasing && status.reason == "ProcessStuck")
        #expect(patches.slice(held, over: Self.slice(.lost), at: Scene.wall(7)) == nil)
    }

    @Test(arguments: [Kinds.SliceState.reserved, .prepared, .active, .releasing, .lost])
    func `Released is written over every state of the same grant, with the metered seconds`(state: Kinds.SliceState)
        throws
    {
        let status = try #require(try after(Self.released, Self.slice(state)))
        #expect(status.state == .released && status.cardSeconds == "2.000" && status.reason == "Completed")
        #expect(status.activeAt == Timestamp(Scene.wall(5000)) && status.releasedAt == Timestamp(Scene.wall(5008)))
    }

    @Test func `what a canary found is the evidence, and a change of it is written while the slice is Active`() throws {
        var held = Scene.held(.active(Scene.task))
        held.proof = SliceProof(holds: true, evidence: ["No device could be opened.", "No file was written."])
        var current = Self.slice(.prepared)
        let proven = try #require(try after(held, current)?.conditions.first { $0.type == "SliceEnforced" })
        #expect(proven.status == .true && proven.reason == "Probed")
        #expect(proven.message == "No device could be opened. No file was written.")

        current.status.state = .active
        current.status.conditions.append(proven)
        #expect(patches.slice(held, over: current, at: Scene.wall(7)) == nil, "written already")
        held.proof = SliceProof(holds: false, evidence: ["A device was opened."])
        let failed = try #require(try after(held, current))
        let condition = try #require(failed.conditions.first { $0.type == "SliceEnforced" })
        #expect(failed.state == .active && condition.status == .false && condition.reason == "ProbeFailed")
        #expect(condition.message?.contains("A device was opened.") == true)
    }

    @Test func `what no canary could try is not said to be enforced`() throws {
        var held = Scene.held(.active(Scene.task))
        held.proof = SliceProof(holds: true, isComplete: false, evidence: ["Nothing was tried."])
        let condition = try #require(
            try after(held, Self.slice(.prepared))?.conditions.first { $0.type == "SliceEnforced" })
        #expect(condition.status == .unknown && condition.reason == "ProbeIncomplete")
        #expect(condition.message == "Nothing was tried.")
        #expect(SliceProof(json: try JSON.parse(#"{"holds":true,"evidence":[]}"#))?.isComplete == false)
    }

    @Test func `what a plan could not reach lowers the slice's grade, whatever the node's is`() throws {
        var held = Scene.held(.active(Scene.task))
        held.plan = SlicePlan(steps: [], cut: SliceCut(), grade: .advisory, unenforced: ["No quota."])
        held.proof = SliceProof(holds: true, evidence: ["Nothing got out."])
        let status = try #require(try after(held, Self.slice(.prepared)))
        let condition = try #require(status.conditions.first { $0.type == "SliceEnforced" })
        #expect(status.isolation == .advisory && condition.status == .false && condition.reason == "LimitsMissing")
        #expect(condition.message == "No quota. Nothing got out.")
    }

    @Test func `a release says what was cleaned up`() throws {
        var held = Self.released
        guard case .released(var release) = held.phase else { return }
        release.scrub = ScrubRecord(groups: 14, cacheBytes: 8192)
        held.phase = .released(release)
        let condition = try #require(try after(held, Self.slice(.active))?.conditions.first { $0.type == "Scrubbed" })
        #expect(condition.status == .true && condition.message == release.scrub?.message)
        #expect(condition.message?.contains("8 KiB") == true && condition.message?.contains("14") == true)
        #expect(HeldSlice(json: held.json) == held)
    }

    @Test func `a report of another grant or another object is late and dropped`() {
        #expect(patches.slice(Self.released, over: Self.slice(.active, epoch: 2), at: Scene.wall(7)) == nil)
        #expect(patches.slice(Self.released, over: Self.slice(.active, uid: "u2"), at: Scene.wall(7)) == nil)
    }

    @Test func `what is written already is not written again`() throws {
        for (held, state) in [
            (Scene.held(.prepared), Kinds.SliceState.prepared), (Scene.held(.active(Scene.task)), .active),
            (Self.released, .released), (Scene.held(.starting), .prepared),
        ] { #expect(patches.slice(held, over: Self.slice(state), at: Scene.wall(7)) == nil) }
    }

    @Test func `a task's end carries the token of its attempt`() throws {
        let current = Self.task(.running, token: 11)
        let patch = try #require(patches.task(Self.released, over: current))
        let status = try Kinds.Task(json: MergePatch.apply(patch, to: current.json)).status
        #expect(status.state == .succeeded && status.end?.token == 11 && status.end?.exitCode == 0)
        #expect(status.end?.reason == "Completed" && status.end?.finishedAt == Timestamp(Scene.wall(5008)))
    }

    @Test(arguments: [Kinds.TaskState.succeeded, .failed, .lost, .fenced, .preempted])
    func `a task that has ended is never changed`(state: Kinds.TaskState) {
        #expect(patches.task(Self.released, over: Self.task(state)) == nil)
    }

    @Test func `a later attempt's task is not touched`() {
        #expect(patches.task(Self.released, over: Self.task(.running, token: 12)) == nil)
        var other = Self.task(.running)
        other.spec.member?.attempt = 2
        #expect(patches.task(Self.released, over: other) == nil)
    }

    @Test(arguments: [(0, 1), (1, 2), (8, 256), (9, 300), (40, 300)] as [(Int64, Int64)])
    func `refusals count, and each passes the node over for longer`(before: Int64, seconds: Int64) throws {
        var current = Self.slice(.reserved)
        if before > 0 {
            current.status.refusedBy = [
                Kinds.Refusal(node: "n", reason: "Occupied", until: Timestamp(seconds: 0), times: before)
            ]
        }
        let view = SliceView(current)
        let patch = try #require(
            patches.refusal(view, .unknownDevice, message: "no such device", over: current, at: Scene.wall(100)))
        let status = try Kinds.Slice(json: MergePatch.apply(patch, to: current.json)).status
        #expect(status.state == .reserved)
        #expect(
            status.refusedBy == [
                Kinds.Refusal(
                    node: "n", reason: "UnknownDevice", until: Timestamp(seconds: 100 + seconds), times: before + 1,
                    message: "no such device.")
            ])
        #expect(status.message == "Refused by node n: no such device.")
    }

    private static func unproven(_ stop: StopRequest? = nil) -> HeldSlice {
        var held = Scene.held(.released(.init(startedAt: nil, releasedAt: Scene.wall(6), outcome: nil)))
        held.proof = SliceProof(holds: false, evidence: ["It saw the agent.", "It opened c 195:0."])
        held.stop = stop
        return held
    }

    @Test func `a slice that a canary got out of is refused with what it reached, once, and not released`() throws {
        var current = Self.slice(.reserved)
        current.status = try #require(try after(Self.unproven(), current))
        #expect(current.status.state == .reserved && current.status.reason == "ProbeFailed")
        let refusal = try #require(current.status.refusedBy.first)
        #expect(refusal.node == "n" && refusal.reason == "ProbeFailed" && refusal.times == 1)
        #expect(refusal.message == "the slice is not proven to hold: It saw the agent. It opened c 195:0.")
        #expect(try after(Self.unproven(), current) == nil)
    }

    @Test func `one whose end was asked for meanwhile is released`() throws {
        #expect(try after(Self.unproven(), Self.slice(.releasing))?.state == .released)
        let stopped = Self.unproven(StopRequest(reason: "Deleted", message: nil))
        #expect(try after(stopped, Self.slice(.reserved))?.state == .released)
    }
}
