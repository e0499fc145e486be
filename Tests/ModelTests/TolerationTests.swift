import Testing
import TidemillModel

@Suite struct TolerationTests {
    private func job(_ toleration: Kinds.Toleration) throws -> Kinds.Job {
        Kinds.Job(
            metadata: ObjectMeta(name: "j", namespace: "lab"),
            spec: Kinds.JobSpec(
                slice: Kinds.SliceRequest(cpu: try Quantity(parsing: "1"), memory: try Quantity(parsing: "1Gi")),
                template: Kinds.TaskTemplate(command: ["true"]), tolerations: [toleration]))
    }

    @Test(
        arguments: [
            (Kinds.Toleration(key: "a", value: "b"), ""),
            (Kinds.Toleration(operator: .exists), ""),
            (Kinds.Toleration(key: "a", operator: .exists, effect: .noExecute, tolerationSeconds: 0), ""),
            (
                Kinds.Toleration(value: "b"),
                "spec.tolerations[0].operator: Invalid value: \"Equal\": must be Exists when `key` is empty, "
                    + "which means \"match all values and all keys\""
            ),
            (
                Kinds.Toleration(key: "a", operator: .exists, value: "b"),
                "spec.tolerations[0].value: Invalid value: \"b\": must be empty when `operator` is Exists"
            ),
            (
                Kinds.Toleration(key: "a", operator: .exists, effect: .noSchedule, tolerationSeconds: 5),
                "spec.tolerations[0].effect: Invalid value: \"NoSchedule\": must be NoExecute when "
                    + "`tolerationSeconds` is set"
            ),
            (
                Kinds.Toleration(key: "a", operator: .exists, tolerationSeconds: 5),
                "spec.tolerations[0].effect: Invalid value: \"\": must be NoExecute when `tolerationSeconds` is set"
            ),
        ])
    func `tolerations follow the rules of Kubernetes`(_ toleration: Kinds.Toleration, _ error: String) throws {
        #expect(try job(toleration).validate(old: nil).map(\.description).joined() == error)
        let slice = Kinds.Slice(
            metadata: ObjectMeta(name: "s", namespace: "lab"),
            spec: Kinds.SliceSpec(
                request: try job(toleration).spec.slice, onDisconnect: Kinds.OnDisconnect(policy: .keep),
                tolerations: [toleration]))
        #expect(slice.validate(old: nil).map(\.description).joined() == error)
    }

    @Test(
        arguments: [
            (Kinds.Toleration(key: "a", value: "x"), true),
            (Kinds.Toleration(key: "a", value: "y"), false),
            (Kinds.Toleration(key: "a"), false),
            (Kinds.Toleration(key: "b", operator: .exists), false),
            (Kinds.Toleration(key: "a", operator: .exists), true),
            (Kinds.Toleration(operator: .exists), true),
            (Kinds.Toleration(key: "a", value: "x", effect: .noSchedule), false),
            (Kinds.Toleration(key: "a", value: "x", effect: .noExecute), true),
        ])
    func `a toleration matches by effect, key and value`(_ toleration: Kinds.Toleration, _ matches: Bool) {
        #expect(toleration.matches(Kinds.Taint(key: "a", value: "x", effect: .noExecute)) == matches)
    }

    @Test func `the first toleration that matches says for how long`() {
        let taint = Kinds.Taint(key: "a", effect: .noExecute)
        let minute = Kinds.Toleration(key: "a", operator: .exists, effect: .noExecute, tolerationSeconds: 60)
        let forEver = Kinds.Toleration(operator: .exists)
        #expect([minute, forEver].tolerance(of: taint) == .seconds(60))
        #expect([forEver, minute].tolerance(of: taint) == .forEver)
        #expect([].tolerance(of: taint) == .notAtAll)
        #expect([forEver].tolerance(of: Kinds.Taint(key: "b", effect: .noSchedule)) == .forEver)
    }
}

@Suite struct NodeValidationTests {
    private func fields(_ spec: Kinds.NodeSpec) -> [String] {
        Kinds.Node(metadata: ObjectMeta(name: "a"), spec: spec).validate(old: nil).map(\.field)
    }

    @Test func `a drain's timeout is a time to wait`() throws {
        #expect(fields(Kinds.NodeSpec(drain: Kinds.Drain(timeout: try APIDuration(parsing: "0s")))) == [])
        #expect(
            fields(Kinds.NodeSpec(drain: Kinds.Drain(timeout: try APIDuration(parsing: "-1s")))) == [
                "spec.drain.timeout"
            ])
    }

    @Test func `a confirmed death names a boot`() {
        #expect(
            fields(Kinds.NodeSpec(confirmedDead: Kinds.ConfirmedDead(bootID: ""))) == ["spec.confirmedDead.bootID"])
        #expect(fields(Kinds.NodeSpec(confirmedDead: Kinds.ConfirmedDead(bootID: "unknown"))) == [])
    }

    @Test func `a taint is written as people write it`() {
        #expect(Kinds.Taint(key: "a", effect: .noSchedule).text == "a:NoSchedule")
        #expect(Kinds.Taint(key: "a", value: "b", effect: .noExecute).text == "a=b:NoExecute")
    }
}
