import Testing
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillStore
import TidemillWire

@Suite struct AllocationPlanTests {
    let record = NodeAllocation(
        node: NodeID("a"), bootID: BootID("boot"), epoch: Epoch(9),
        held: [
            NodeAllocation.Holding(
                sliceUID: SliceUID("uid"), namespace: "lab", slice: "s", epoch: Epoch(4),
                shares: [Kinds.Share(device: "a-cpu0", cardUnits: "1/8")])
        ])

    func slice(_ state: Kinds.SliceState, epoch: Int64 = 4, node: String = "a") -> Kinds.Slice {
        Kinds.Slice(
            metadata: ObjectMeta(name: "s", namespace: "lab", uid: "uid"),
            spec: Kinds.SliceSpec(request: Kinds.SliceRequest(), onDisconnect: Kinds.OnDisconnect(policy: .keep)),
            status: Kinds.SliceStatus(
                state: state,
                grant: Kinds.Grant(
                    node: node, bootID: "boot", epoch: epoch, token: 1, sliceUID: "uid", shares: [], policy: .keep)))
    }

    func plan(_ slices: [Kinds.Slice]) -> AllocationPlan {
        let byUID = Dictionary(uniqueKeysWithValues: slices.map { (SliceUID($0.metadata.uid), $0) })
        return AllocationPlan.plan(AllocationObservation(record: record, revision: Revision(3), slices: byUID))
    }

    @Test(arguments: [Kinds.SliceState.reserved, .prepared, .active, .releasing, .scrubbing, .lost])
    func `shares stay held until the slice is released`(_ state: Kinds.SliceState) {
        #expect(plan([slice(state)]).record == nil)
    }

    @Test func `a released slice frees its shares and the epoch stays`() {
        let after = plan([slice(.released)])
        #expect(after.description == "a frees lab/s epoch 4: released")
        #expect(after.record?.held == [])
        #expect(after.record?.epoch == Epoch(9))
    }

    @Test func `a slice that is gone or holds another grant frees the old one`() {
        #expect(plan([]).description == "a frees lab/s epoch 4: the slice is gone")
        #expect(plan([slice(.active, epoch: 5)]).description == "a frees lab/s epoch 4: the slice holds epoch 5 on a")
        #expect(plan([slice(.active, node: "b")]).description == "a frees lab/s epoch 4: the slice holds epoch 4 on b")
    }

    @Test func `a record reads back as it was written`() throws {
        #expect(NodeAllocation(stored: record.json) == record)
        #expect(NodeAllocation(stored: ["node": "a"]) == nil)
    }
}
