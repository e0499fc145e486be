import Testing
import TidemillModel
import TidemillSeams

@Suite struct SliceValidationTests {
    private func slice(cardUnits: String = "1/8", policy: Kinds.DisconnectPolicy = .keep, after: APIDuration? = nil)
        throws -> Kinds.Slice
    {
        let grant = Kinds.Grant(
            node: "n", bootID: "b", epoch: 1, token: 1, sliceUID: "u",
            shares: [Kinds.Share(device: "n-cpu0", cardUnits: cardUnits)], policy: policy, after: after)
        return try Kinds.Slice(
            metadata: ObjectMeta(name: "s", namespace: "default"),
            spec: Kinds.SliceSpec(
                request: Kinds.SliceRequest(cpu: Quantity(parsing: "1")),
                onDisconnect: Kinds.OnDisconnect(policy: .keep)),
            status: Kinds.SliceStatus(grant: grant))
    }

    @Test func `a grant's card units are a rational`() throws {
        #expect(try slice().validate(old: nil) == [])
        #expect(try slice(cardUnits: "0.125").validate(old: nil).map(\.field) == ["status.grant.shares[0].cardUnits"])
    }

    @Test func `a grant carries after exactly with stop`() throws {
        #expect(try slice(policy: .stop, after: APIDuration(.seconds(2))).validate(old: nil) == [])
        #expect(try slice(policy: .stop).validate(old: nil).map(\.field) == ["status.grant.after"])
        #expect(
            try slice(policy: .keep, after: APIDuration(.seconds(2))).validate(old: nil).map(\.field) == [
                "status.grant.after"
            ])
    }

    @Test func `what is pending or released holds nothing`() {
        #expect(Kinds.SliceState.allCases.filter { !$0.holdsShares } == [.pending, .released])
        #expect(Kinds.SliceState.allCases.filter(\.isFinal) == [.released])
    }

    @Test func `a job and a task end in a final state`() {
        #expect(Kinds.JobState.allCases.filter(\.isFinal) == [.succeeded, .failed, .cancelled])
        #expect(Kinds.TaskState.allCases.filter(\.isFinal) == [.succeeded, .failed, .lost, .fenced, .preempted])
    }

    @Test func `a class offers grades that exist`() {
        var deviceClass = Kinds.DeviceClass(spec: .init(selector: .init(vendor: "cpu"), isolation: ["enforced"]))
        #expect(deviceClass.validate(old: nil) == [])
        deviceClass.spec.isolation = ["enforced", "hoped"]
        #expect(deviceClass.validate(old: nil).map(\.field) == ["spec.isolation[1]"])
    }
}
