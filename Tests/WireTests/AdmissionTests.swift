import Testing
import TidemillModel
import TidemillWire

@Suite struct AdmissionTests {
    private static let job: JSON = [
        "metadata": ["name": "hello", "namespace": "default"],
        "spec": [
            "template": ["command": ["true"]],
            "slice": ["memory": "64Mi", "cpu": 4],
        ],
    ]

    /// The errors of a job to which a merge patch was applied.
    private func errors(_ change: JSON) -> [String] {
        Admission.admit(MergePatch.apply(change, to: Self.job), kind: Kinds.jobInfo).errors.map(\.description)
    }

    @Test func `defaults are filled in and members stand in the schema's order`() {
        let (tree, errors) = Admission.admit(Self.job, kind: Kinds.jobInfo)
        #expect(errors == [])
        #expect(
            tree.text
                == #"{"apiVersion":"tidemill.dev/v1alpha1","kind":"Job","metadata":{"name":"hello","namespace":"default"},"#
                + #""spec":{"gang":{"min":1},"slice":{"cpu":"4","memory":"64Mi"},"template":{"command":["true"]},"#
                + #""retries":0,"preemptibility":"nonPreemptible"},"status":{"state":"Pending"}}"#)
    }

    @Test(
        arguments: [
            (["spec": ["bogus": 1]], #"spec.bogus: unknown field "spec.bogus""#),
            (["bogus": .array([])], #"bogus: unknown field "bogus""#),
            (["metadata": ["clusterName": "x"]], #"metadata.clusterName: unknown field "metadata.clusterName""#),
            (
                ["spec": ["slice": ["devices": [["class": "a", "gpus": 1]]]]],
                #"spec.slice.devices[0].gpus: unknown field "spec.slice.devices[0].gpus""#
            ),
        ] as [(JSON, String)])
    func `an unknown field is named`(_ change: JSON, _ message: String) {
        let outcome = Admission.admit(MergePatch.apply(change, to: Self.job), kind: Kinds.jobInfo)
        #expect(outcome.errors.map(\.description) == [message])
        #expect(outcome.errors.map(\.reason) == [.unknown])
        #expect(!outcome.tree.text.contains("bogus"))
    }

    @Test(
        arguments: [
            (["spec": "x"], #"spec: Invalid value: "x": must be an object, not a string"#),
            (["spec": ["retries": "3"]], #"spec.retries: Invalid value: "3": must be an integer, not a string"#),
            (
                ["spec": ["retries": .number("1.5")]],
                "spec.retries: Invalid value: 1.5: must be an integer of 64 bits, not another number"
            ),
            (
                ["spec": ["template": ["command": "true"]]],
                #"spec.template.command: Invalid value: "true": must be a list, not a string"#
            ),
            (
                ["spec": ["template": ["command": ["a", 1]]]],
                "spec.template.command[1]: Invalid value: 1: must be a string, not an integer"
            ),
            (
                ["spec": ["template": ["env": [.null]]]],
                "spec.template.env[0]: Invalid value: null: must be an object, not null"
            ),
            (
                ["spec": ["preemptibility": true]],
                "spec.preemptibility: Invalid value: true: must be a string, not a boolean"
            ),
            (
                ["spec": ["slice": ["memory": true]]],
                #"spec.slice.memory: Invalid value: true: must be a quantity such as "250m" or "16Gi", not a boolean"#
            ),
            (
                ["spec": ["ttlAfterFinished": 60]],
                #"spec.ttlAfterFinished: Invalid value: 60: must be a duration such as "60s", not an integer"#
            ),
            (["metadata": ["labels": "a"]], #"metadata.labels: Invalid value: "a": must be an object, not a string"#),
            (
                ["metadata": ["labels": ["a": 1]]],
                "metadata.labels[a]: Invalid value: 1: must be a string, not an integer"
            ),
            (
                ["metadata": ["finalizers": "a"]],
                #"metadata.finalizers: Invalid value: "a": must be a list, not a string"#
            ),
            (["metadata": ["name": 7]], "metadata.name: Invalid value: 7: must be a string, not an integer"),
        ] as [(JSON, String)])
    func `a wrong type is named`(_ change: JSON, _ message: String) {
        #expect(errors(change) == [message])
    }

    @Test(
        arguments: [
            (["spec": ["gang": ["min": 0]]], "spec.gang.min: Invalid value: 0: must be greater than or equal to 1"),
            (
                ["spec": ["gang": ["min": 1025]]],
                "spec.gang.min: Invalid value: 1025: must be less than or equal to 1024"
            ),
            (["spec": ["slice": ["cpu": "-1"]]], #"spec.slice.cpu: Invalid value: "-1": must not be negative"#),
            (
                ["spec": ["slice": ["cpu": "much"]]],
                #"spec.slice.cpu: Invalid value: "much": must be a number with at most one suffix, such as 250m, 1.5, 16Gi, 2G or 50%"#
            ),
            (
                ["spec": ["slice": ["cpu": "1u"]]],
                #"spec.slice.cpu: Invalid value: "1u": must be a whole number of thousandths of a CPU"#
            ),
            (
                ["spec": ["slice": ["memory": "1e40"]]],
                #"spec.slice.memory: Invalid value: "1e40": is beyond what can be counted exactly (64 bits)"#
            ),
            (
                ["spec": ["slice": ["memory": "50%"]]],
                #"spec.slice.memory: Invalid value: "50%": must be a number of bytes, not a percentage"#
            ),
            (
                ["spec": ["slice": ["memory": "100m"]]],
                #"spec.slice.memory: Invalid value: "100m": must be a whole number of bytes"#
            ),
            (
                ["spec": ["slice": ["devices": [["class": "a", "compute": 2]]]]],
                #"spec.slice.devices[0].compute: Invalid value: "2": must be at most 1 (100%)"#
            ),
            (
                ["spec": ["ttlAfterFinished": "soon"]],
                #"spec.ttlAfterFinished: Invalid value: "soon": must be a duration such as 300ms, 1.5s, 60s, 1m30s or 24h"#
            ),
            (
                ["spec": ["ttlAfterFinished": "-1s"]],
                #"spec.ttlAfterFinished: Invalid value: "-1s": must not be negative"#
            ),
            (
                ["spec": ["preemptibility": "maybe"]],
                #"spec.preemptibility: Unsupported value: "maybe": supported values: "preemptible", "nonPreemptible""#
            ),
            (
                ["spec": ["template": ["command": .array([])]]],
                "spec.template.command: Invalid value: 0: must have at least 1 item"
            ),
            (
                ["spec": ["template": ["env": [["name": "A"], ["name": "B"], ["name": "A"]]]]],
                #"spec.template.env[2].name: Duplicate value: "A""#
            ),
            (
                ["spec": ["template": ["env": [["name": "1A"]]]]],
                #"spec.template.env[0].name: Invalid value: "1A": must consist of letters, digits and underscores, and must not start with a digit"#
            ),
            (
                ["spec": ["template": ["workingDirectory": "tmp"]]],
                #"spec.template.workingDirectory: Invalid value: "tmp": must be an absolute path"#
            ),
            (
                ["status": ["startedAt": "noon"]],
                #"status.startedAt: Invalid value: "noon": must be an RFC 3339 time such as 2026-11-21T03:35:29Z"#
            ),
            (["kind": "Pod"], #"kind: Unsupported value: "Pod": supported values: "Job""#),
            (["spec": ["template": .null]], "spec.template: Required value"),
            (["spec": .null], "spec: Required value"),
            (["spec": ["slice": ["devices": [["class": ""]]]]], "spec.slice.devices[0].class: Required value"),
        ] as [(JSON, String)])
    func `a bad value is shown with its path and the rule`(_ change: JSON, _ message: String) {
        #expect(errors(change) == [message])
    }

    @Test func `too many items are counted, not read`() {
        let devices = JSON.array(Array(repeating: 1, count: 17))
        #expect(
            errors(["spec": ["slice": ["devices": devices]]]) == [
                "spec.slice.devices: Too many: 17: must have at most 16 items"
            ])
    }

    @Test func `a text that is too long is not shown`() {
        let value = JSON.string(String(repeating: "x", count: 131_073))
        #expect(
            errors(["spec": ["template": ["env": [["name": "A", "value": value]]]]]) == [
                "spec.template.env[0].value: Too long: may not be more than 131072 bytes"
            ])
    }

    @Test func `every mistake is reported at once, up to a bound`() {
        #expect(errors(["spec": ["retries": -1, "gang": ["min": 0], "bogus": 1]]).count == 3)
        let many = JSON.object(JSONObject((0..<1000).map { .init(key: "b\($0)", value: 1) }))
        #expect(errors(["spec": many]).count == 64)
    }

    @Test func `a long key is cut in the path`() {
        let change: JSON = ["spec": .object([String(repeating: "k", count: 100_000): 1])]
        let outcome = errors(change)
        #expect(outcome.count == 1)
        #expect(outcome.allSatisfy { $0.utf8.count < 500 })
    }

    @Test func `null members are absent`() {
        let (tree, errors) = Admission.admit(
            MergePatch.apply(
                ["spec": ["slice": ["cpu": 1]]],
                to: [
                    "metadata": ["name": "a", "creationTimestamp": .null],
                    "spec": ["slice": ["memory": .null], "template": ["command": ["a"]], "onDisconnect": .null],
                    "status": .null,
                ]), kind: Kinds.jobInfo)
        #expect(errors == [])
        #expect(tree["metadata"] == ["name": "a"])
        #expect(tree["spec"]?["slice"] == ["cpu": "1"])
        #expect(tree["spec"]?["onDisconnect"] == nil)
        #expect(tree["status"] == ["state": "Pending"])
    }

    @Test func `what is no object at all is refused`() {
        #expect(Admission.admit([1], kind: Kinds.jobInfo).errors.map(\.reason) == [.typeInvalid])
    }

    @Test func `times are brought to UTC`() {
        let (tree, errors) = Admission.admit(
            MergePatch.apply(["status": ["startedAt": "2026-11-21T05:35:29.5+02:00"]], to: Self.job),
            kind: Kinds.jobInfo)
        #expect(errors == [])
        #expect(tree.at(["status", "startedAt"]) == "2026-11-21T03:35:29Z")
    }

    @Test(arguments: Kinds.all.filter { $0.group == "tidemill.dev" })
    func `a kind with nothing but a name lacks at most its required spec`(_ kind: KindInfo) {
        let errors = Admission.admit(["metadata": ["name": "a"]], kind: kind).errors
        #expect(errors.allSatisfy { $0.field == "spec" && $0.reason == .required }, "\(errors)")
    }
}
