import Testing
import TidemillModel
import TidemillSeams
import TidemillWire

@Suite struct CodecTests {
    private let job: JSON = [
        "apiVersion": "tidemill.dev/v1alpha1", "kind": "Job",
        "metadata": [
            "name": "hello", "namespace": "default", "uid": "u-1", "resourceVersion": "7", "generation": 2,
            "creationTimestamp": "2026-11-21T03:35:29Z", "labels": ["a": "1", "b": "2"],
            "ownerReferences": [
                ["apiVersion": "v1", "kind": "Namespace", "name": "x", "uid": "y", "controller": true]
            ],
            "finalizers": ["tidemill.dev/release"],
        ],
        "spec": [
            "gang": ["min": 2, "max": 2],
            "slice": ["devices": [["class": "cpu", "memory": "512Mi", "compute": "12.5%", "isolation": "enforced"]]],
            "template": ["command": ["sh", "-c", "true"], "env": [["name": "SEED", "value": "7"]]],
            "retries": 3, "preemptibility": "preemptible", "onDisconnect": ["policy": "stop", "after": "1m30s"],
            "ttlAfterFinished": "24h",
        ],
        "status": [
            "state": "Running", "gang": ["attempt": 1, "state": "Started", "nodes": ["a", "b"]],
            "startedAt": "2026-11-21T03:35:30Z",
            "conditions": [["type": "Scheduled", "status": "True", "lastTransitionTime": "2026-11-21T03:35:30Z"]],
        ],
    ]

    @Test func `an object is read into typed values`() throws {
        let value = try Kinds.Job(json: job)
        #expect(value.metadata.name == "hello")
        #expect(value.metadata.controller?.uid == "y")
        #expect(value.spec.gang == Kinds.Gang(min: 2, max: 2))
        #expect(value.spec.slice.devices.first?.compute?.fraction == Rational(1, 8))
        #expect(value.spec.onDisconnect?.after?.duration == .seconds(90))
        #expect(value.status.gang?.state == .started)
        #expect(value.status.conditions.first?.status == .true)
    }

    @Test func `what is written is what was read, members in order`() throws {
        let written = try Kinds.Job(json: job).json
        #expect(written.text == job.text)
    }

    @Test func `a new object says nothing that is empty`() throws {
        let node = Kinds.Node(metadata: ObjectMeta(name: "n"))
        #expect(
            node.json == [
                "apiVersion": "tidemill.dev/v1alpha1", "kind": "Node", "metadata": ["name": "n"],
                "spec": ["unschedulable": false, "maintenance": false],
            ])
    }

    @Test func `an event has its fields beside its metadata`() throws {
        let event = Kinds.Event(
            metadata: ObjectMeta(name: "e", namespace: "default"), involvedObject: .init(kind: "Job", name: "hello"),
            reason: "Scheduled", type: "Normal", eventTime: MicroTime(microseconds: 1))
        #expect(event.json["involvedObject"] == ["kind": "Job", "name": "hello"])
        #expect(event.json["eventTime"] == "1970-01-01T00:00:00.000001Z")
        #expect(event.json["spec"] == nil)
        #expect(try Kinds.Event(json: event.json) == event)
    }

    @Test func `fields of a newer server are passed over`() throws {
        var newer = job
        newer["spec"]?["queue"] = "research"
        #expect(try Kinds.Job(json: newer) == Kinds.Job(json: job))
    }

    @Test func `null is absent`() throws {
        var tree = job
        tree["spec"]?["onDisconnect"] = .null
        tree["metadata"]?["creationTimestamp"] = .null
        let value = try Kinds.Job(json: tree)
        #expect(value.spec.onDisconnect == nil)
        #expect(value.metadata.creationTimestamp == nil)
    }

    @Test(
        arguments: [
            (["spec": ["gang": 3]], "spec.gang: must be an object, not an integer"),
            (["spec": ["slice": ["cpu": "much"]]], "spec.slice.cpu: \"much\" must be a number"),
            (["spec": ["slice": ["devices": [["class": 1]]]]], "spec.slice.devices[0].class: must be a string"),
            (["spec": ["template": .null]], "spec.template: is required"),
            (["metadata": ["labels": ["a": 1]]], "metadata.labels.a: must be a string"),
            (
                ["metadata": ["ownerReferences": [["kind": "Job"]]]],
                "metadata.ownerReferences[0].apiVersion: is required"
            ),
            (["status": ["state": "Dancing"]], "status.state: \"Dancing\" is none of"),
            (["status": ["startedAt": "noon"]], "status.startedAt: \"noon\" is no RFC 3339 time"),
        ] as [(JSON, String)])
    func `a tree that is no such object says where`(_ change: JSON, _ message: String) throws {
        let broken = MergePatch.apply(change, to: job)
        let failure = #expect(throws: DecodeFailure.self) { try Kinds.Job(json: broken) }
        #expect(failure?.description.hasPrefix(message) == true, "\(failure?.description ?? "")")
    }

    @Test(arguments: Kinds.all, Array(UInt64(1)...20))
    func `every object that the schema allows survives admission, reading and writing`(_ kind: KindInfo, _ seed: UInt64)
        throws
    {
        var trees = RandomTree(seed: seed)
        let admitted = Admission.admit(trees.object(of: kind), kind: kind)
        #expect(admitted.errors == [])
        #expect(Admission.admit(admitted.tree, kind: kind).tree.text == admitted.tree.text, "admission is idempotent")
        let codec = try #require(KindCodecs.all.first { $0.info == kind })
        #expect(try codec.roundTrip(admitted.tree).text == admitted.tree.text)
    }
}
