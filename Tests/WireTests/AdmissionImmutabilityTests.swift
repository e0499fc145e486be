import Testing
import TidemillModel
import TidemillWire

@Suite struct AdmissionImmutabilityTests {
    private static let job: JSON = [
        "metadata": ["name": "hello"],
        "spec": [
            "slice": ["memory": "1Gi", "devices": [["class": "a", "compute": "50%"]]],
            "template": ["command": ["true"]],
        ],
    ]

    private func violations(_ change: JSON, of object: JSON = job, kind: KindInfo = Kinds.jobInfo) -> [String] {
        let old = Admission.admit(object, kind: kind)
        let new = Admission.admit(MergePatch.apply(change, to: object), kind: kind)
        #expect(old.errors + new.errors == [])
        return Admission.immutableViolations(old: old.tree, new: new.tree, kind: kind).map(\.description)
    }

    @Test func `a field that is not immutable may change`() {
        #expect(violations(["spec": ["retries": 3, "onDisconnect": ["policy": "keep"], "gang": ["min": 2]]]) == [])
        #expect(violations(["metadata": ["labels": ["a": "b"]], "status": ["state": "Running"]]) == [])
    }

    @Test(
        arguments: [
            (["spec": ["slice": ["memory": "2Gi"]]], #"spec.slice.memory: Invalid value: "2Gi": field is immutable"#),
            (["spec": ["slice": ["cpu": "2"]]], #"spec.slice.cpu: Invalid value: "2": field is immutable"#),
            (["spec": ["slice": ["memory": .null]]], "spec.slice.memory: Invalid value: field is immutable"),
            (
                ["spec": ["slice": ["devices": [["class": "b", "compute": "50%"]]]]],
                #"spec.slice.devices[0].class: Invalid value: "b": field is immutable"#
            ),
            (
                ["spec": ["slice": ["devices": [["class": "a"], ["class": "b"]]]]],
                "spec.slice.devices: Invalid value: field is immutable"
            ),
            (
                ["spec": ["template": ["command": ["false"]]]],
                #"spec.template.command[0]: Invalid value: "false": field is immutable"#
            ),
        ] as [(JSON, String)])
    func `a change of an immutable field names the place`(_ change: JSON, _ message: String) {
        #expect(violations(change) == [message])
    }

    @Test func `the same amount in other words is no change`() {
        #expect(
            violations(["spec": ["slice": ["memory": "1024Mi", "devices": [["class": "a", "compute": "0.5"]]]]]) == [])
    }

    @Test func `of an immutable type nothing may change`() {
        let slice: JSON = [
            "metadata": ["name": "s"],
            "spec": ["request": ["cpu": "1"], "onDisconnect": ["policy": "keep"]],
        ]
        #expect(violations(["status": ["state": "Active"]], of: slice, kind: Kinds.sliceInfo) == [])
        #expect(violations(["spec": ["preemptibility": "preemptible"]], of: slice, kind: Kinds.sliceInfo).count == 1)
    }
}
