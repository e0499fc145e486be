import Testing
import TidemillModel

@Suite struct PlacementConstraintsTests {
    private static let requirements: [(Kinds.RequirementOperator, [String], String?, Bool)] = [
        (.in, ["a", "b"], "a", true), (.in, ["a"], nil, false), (.notIn, ["a"], "b", true), (.notIn, ["a"], nil, true),
        (.notIn, ["a"], "a", false), (.exists, [], "", true), (.exists, [], nil, false), (.doesNotExist, [], nil, true),
        (.doesNotExist, [], "a", false), (.gt, ["40Gi"], "80Gi", true), (.gt, ["40Gi"], "40Gi", false),
        (.gt, ["8"], "9.0", true), (.gt, ["8"], "new", false), (.lt, ["8"], nil, false), (.lt, ["8"], "7.5", true),
    ]

    @Test(arguments: requirements)
    func `a requirement is met`(
        _ operator: Kinds.RequirementOperator, _ values: [String], _ value: String?, _ isMet: Bool
    ) {
        let requirement = Kinds.Requirement(key: "x", operator: `operator`, values: values)
        #expect(requirement.isMet(by: value) == isMet)
    }

    @Test(arguments: [
        (Kinds.RequirementOperator.in, []), (.exists, ["a"]), (.gt, ["a"]), (.lt, ["1", "2"]),
    ])
    func `a requirement names as many values as its operator takes`(
        _ operator: Kinds.RequirementOperator, _ values: [String]
    ) {
        var job = Self.job()
        let requirement = Kinds.Requirement(key: "x", operator: `operator`, values: values)
        job.spec.placement = Kinds.PlacementConstraints(
            nodeSelector: Kinds.LabelSelector(matchExpressions: [requirement]))
        #expect(
            job.validate(old: nil).allSatisfy {
                $0.field.hasPrefix("spec.placement.nodeSelector.matchExpressions[0].values")
            })
        #expect(job.validate(old: nil).count == 1)
    }

    @Test func `a spread bounds something`() {
        var job = Self.job()
        job.spec.placement = Kinds.PlacementConstraints(spread: [Kinds.Spread(over: NodeLabel.rack)])
        #expect(job.validate(old: nil).map(\.field) == ["spec.placement.spread[0]"])
        job.spec.placement?.spread[0].most = 1
        #expect(job.validate(old: nil) == [])
    }

    @Test func `devices and choices of classes are bounded`() {
        var job = Self.job()
        job.spec.slice.devices = [Kinds.DeviceRequest(class: "a", count: 9), Kinds.DeviceRequest(class: "b", count: 8)]
        #expect(job.validate(old: nil).map(\.field) == ["spec.slice.devices"])
        job.spec.slice.devices[0].count = nil
        #expect(job.validate(old: nil) == [])
        let others = (0..<4).map { Kinds.AlternativeClass(class: "c\($0)") }
        for index in job.spec.slice.devices.indices { job.spec.slice.devices[index].alternatives = others }
        #expect(job.validate(old: nil).map(\.message).first?.contains("at most 16 ways") == true)
    }

    @Test func `an alternative is another class of accelerators, at a rate`() {
        var job = Self.job()
        job.spec.slice.devices = [
            Kinds.DeviceRequest(
                class: "a",
                alternatives: [
                    Kinds.AlternativeClass(class: "a"), Kinds.AlternativeClass(class: "cpu"),
                    Kinds.AlternativeClass(class: "b", rate: Quantity(percent: 0)),
                ])
        ]
        #expect(
            job.validate(old: nil).map(\.field) == [
                "spec.slice.devices[0].alternatives[0].class", "spec.slice.devices[0].alternatives[1].class",
                "spec.slice.devices[0].alternatives[2].rate",
            ])
    }

    @Test func `a node's spec says its labels`() {
        var node = Kinds.Node(metadata: ObjectMeta(name: "n1", labels: ["disk": "fast", NodeLabel.rack: "told"]))
        node.spec.rack = "r7"
        #expect(node.placementLabels == ["disk": "fast", NodeLabel.hostname: "n1", NodeLabel.rack: "r7"])
    }

    private static func job() -> Kinds.Job {
        Kinds.Job(
            metadata: ObjectMeta(name: "j", namespace: "default"),
            spec: Kinds.JobSpec(
                slice: Kinds.SliceRequest(devices: [Kinds.DeviceRequest(class: "a")]),
                template: Kinds.TaskTemplate(command: ["true"])))
    }
}
