import Testing
import TidemillLease
import TidemillModel
import TidemillPlacement
import TidemillScheduler
import TidemillSeams
import TidemillStore

@Suite struct SchedulingSnapshotTests {
    let now = Timestamp(seconds: 1000)

    func gang(
        _ name: String, _ state: Kinds.SliceState = .pending, created: Int64 = 1,
        change: (inout DraftingGang) -> Void = { _ in }
    )
        -> DraftingGang
    {
        let request = Kinds.SliceRequest(cpu: Quantity(milliCPU: 1000), memory: Quantity(bytes: 1 << 30))
        let job = Kinds.Job(
            metadata: ObjectMeta(
                name: name, namespace: "lab", uid: name, creationTimestamp: Timestamp(seconds: created)),
            spec: Kinds.JobSpec(slice: request, template: Kinds.TaskTemplate(command: ["true"])),
            status: Kinds.JobStatus(state: .queued, gang: Kinds.GangRecord(attempt: 1, state: .drafting)))
        let slice = Kinds.Slice(
            metadata: ObjectMeta(name: "\(name)-1-0", namespace: "lab", uid: "uid-\(name)"),
            spec: Kinds.SliceSpec(request: request, onDisconnect: Kinds.OnDisconnect(policy: .keep)),
            status: Kinds.SliceStatus(state: state))
        var gang = DraftingGang(job: job, slices: [slice])
        change(&gang)
        return gang
    }

    func plan(
        _ gangs: [DraftingGang], threatened: [DraftingGang] = [], milliCPU: Int64 = 1000,
        permission: GrantPermission = .open
    ) -> [String] {
        let amounts = DeviceAmounts(milliCPU: milliCPU, memoryBytes: 1 << 40)
        let node = NodeSnapshot(
            name: NodeID("a"), bootID: BootID("boot"), state: .ready,
            devices: [
                DeviceSnapshot(
                    name: DeviceID("a-cpu0"), isCPU: true, classes: ["cpu": [.enforced]], capacity: amounts,
                    allocatable: amounts)
            ])
        let cluster = ClusterSnapshot(revision: Revision(77), nodes: [node], classes: [])
        var placement = Placement(cluster)
        return SchedulingSnapshot(
            revision: cluster.revision, ledger: Ledger(), gangs: gangs, threatened: threatened, permission: permission,
            now: now
        )
        .plan(on: &placement).map(\.description)
    }

    @Test func `first come is first served, ties by name, and one that does not fit holds up no other`() {
        #expect(
            plan([gang("b", created: 2), gang("c", created: 1), gang("a", created: 2)], milliCPU: 2000).map {
                $0.prefix(13)
            } == [
                "place lab/c: ", "place lab/a: ", "pending lab/b",
            ])
    }

    @Test func `a gang on a silent node is thought of last, and only if it ends with the silence`() {
        let stops = gang("s", .active) {
            $0.job.spec.onDisconnect = Kinds.OnDisconnect(policy: .stop, after: APIDuration(.seconds(2)))
        }
        let keeps = gang("k", .active) { $0.job.spec.onDisconnect = Kinds.OnDisconnect(policy: .keep) }
        #expect(plan([], threatened: [keeps, stops]) == ["expect lab/s: s-1-0 on a"])
        // What waits comes first, and takes the only place.
        #expect(plan([gang("w")], threatened: [stops]) == ["place lab/w: w-1-0 on a"])
    }

    @Test func `a half-written draft is abandoned`() {
        #expect(plan([gang("j", .reserved)]) == ["abandon lab/j: DraftInterrupted"])
    }

    @Test func `a gang waits for its back-off, its members and a newer snapshot`() {
        #expect(
            plan([gang("j") { $0.job.status.nextAttemptAt = Timestamp(seconds: 1001) }])
                == ["wait lab/j: not before 1970-01-01T00:16:41Z"])
        #expect(plan([gang("j") { $0.slices = [] }]) == ["wait lab/j: a member is missing"])
        #expect(
            plan([gang("j") { $0.job.status.lastToken = 77 }])
                == ["wait lab/j: the snapshot is no newer than token 77"])
        #expect(plan([gang("j") { $0.job.status.lastToken = 76 }]) == ["place lab/j: j-1-0 on a"])
    }

    let hold = GrantPermission.Hold(reason: "ControllerSuspect", message: "3 of 5 nodes fell silent.")

    @Test func `what the controller withholds from all is told to each whose turn has come`() {
        let waiting = gang("w") { $0.job.status.nextAttemptAt = Timestamp(seconds: 1001) }
        #expect(
            plan([gang("j"), waiting, gang("x", .reserved)], permission: GrantPermission(everything: hold)) == [
                "held lab/j: ControllerSuspect: 3 of 5 nodes fell silent.",
                "wait lab/w: not before 1970-01-01T00:16:41Z", "abandon lab/x: DraftInterrupted",
            ])
    }

    @Test func `a controller that suspects itself replaces nothing and places first attempts`() {
        let replacement = gang("r") { $0.job.status.lastToken = 70 }
        #expect(
            plan([gang("j"), replacement], milliCPU: 9000, permission: GrantPermission(replacements: hold)) == [
                "place lab/j: j-1-0 on a", "held lab/r: ControllerSuspect: 3 of 5 nodes fell silent.",
            ])
    }

    @Test func `a node that gets nothing now is passed over, with the reason`() throws {
        let stall = GrantPermission.Hold(reason: "ControlPathStalled", message: "")
        let text = try #require(plan([gang("j")], permission: GrantPermission(nodes: [NodeID("a"): stall])).first)
        #expect(text.hasPrefix("pending lab/j: ") && text.contains("ControlPathStalled"))
        #expect(
            plan([gang("j")], permission: GrantPermission(nodes: [NodeID("b"): stall])) == ["place lab/j: j-1-0 on a"])
    }

    @Test(arguments: [(1001, "pending"), (1000, "place l")] as [(Int64, String)])
    func `a node that refused is passed over until its time`(_ until: Int64, _ outcome: String) {
        let refused = gang("j") {
            $0.slices[0].status.refusedBy = [
                Kinds.Refusal(node: "a", reason: "Occupied", until: Timestamp(seconds: until), times: 1)
            ]
        }
        #expect(plan([refused]).first?.prefix(7) == outcome.prefix(7))
    }

    @Test func `a grant clears what its node refused before`() throws {
        let refused = gang("j") {
            $0.slices[0].status.refusedBy = ["a", "b"].map {
                Kinds.Refusal(node: $0, reason: "Occupied", until: Timestamp(seconds: 1), times: 1)
            }
        }
        let share = PlannedShare(
            device: DeviceID("a-cpu0"), isCPU: true, amounts: DeviceAmounts(milliCPU: 1000, memoryBytes: 1 << 30),
            cardUnits: .one, isolation: .enforced)
        let member = PlannedMember(slice: "j-1-0", node: NodeID("a"), bootID: BootID("boot"), shares: [share])
        let draft = GangDraft(refused, members: [member], ledger: Ledger(), token: Token(77), now: now)
        let slice = try #require(draft.parts.first?.slices.first)
        #expect(slice.status.refusedBy.map(\.node) == ["b"])
        #expect(slice.status.grant?.policy == .keep)
        #expect(slice.status.grant?.after == nil)
        #expect(draft.parts.first?.job?.status.gang?.state == .committed)
    }
}
