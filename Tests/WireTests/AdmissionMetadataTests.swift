import Testing
import TidemillModel
import TidemillWire

@Suite struct AdmissionMetadataTests {
    private func admit(_ metadata: JSON, kind: KindInfo = Kinds.nodeInfo) -> (tree: JSON, errors: [FieldError]) {
        Admission.admit(["metadata": metadata], kind: kind)
    }

    private func fields(_ metadata: JSON, kind: KindInfo = Kinds.nodeInfo) -> [String] {
        admit(metadata, kind: kind).errors.map(\.field)
    }

    @Test func `a message shows the start of what is wrong, however it is spelt`() {
        // One character of a hundred thousand scalars.
        let long = "a" + String(repeating: "\u{301}", count: 100_000)
        for metadata in [
            ["name": .string(long)], ["name": "a", "labels": .object([long: "1"])],
            ["name": "a", "labels": .string(long)],
        ] as [JSON] {
            let errors = admit(metadata).errors
            #expect(!errors.isEmpty)
            #expect(errors.allSatisfy { $0.description.utf8.count < 2_000 }, "\(errors.map(\.field.utf8.count))")
        }
    }

    @Test func `an object has a name, or the start of one`() {
        #expect(fields(["name": "a"]) == [])
        #expect(fields(["generateName": "a-"]) == [])
        #expect(fields([:]) == ["metadata.name"])
        #expect(fields(["name": ""]) == ["metadata.name"])
        #expect(Admission.admit([:], kind: Kinds.nodeInfo).errors.map(\.field) == ["metadata.name"])
    }

    @Test(arguments: ["A", "a_b", "../etc", "a/b", "-a", "a b", "a\u{0}", "ä"])
    func `a bad name is refused with the rule`(_ name: String) {
        let errors = admit(["name": .string(name)]).errors
        #expect(errors.map(\.field) == ["metadata.name"])
        #expect(errors.first?.message.contains("RFC 1123 subdomain") == true)
    }

    @Test func `a namespace's name is a label`() {
        #expect(fields(["name": "a.b"]) == [])
        #expect(fields(["name": "a.b"], kind: Kinds.namespaceInfo) == ["metadata.name"])
    }

    @Test func `only kinds of a namespace name one`() {
        #expect(fields(["name": "a", "namespace": "default"]) == ["metadata.namespace"])
        #expect(fields(["name": "a", "namespace": ""]) == [])
        #expect(fields(["name": "a", "namespace": "No"], kind: Kinds.leaseInfo) == ["metadata.namespace"])
    }

    @Test func `labels have qualified keys and short values`() {
        #expect(fields(["name": "a", "labels": ["a/b": "c", "d": ""]]) == [])
        #expect(fields(["name": "a", "labels": ["a b": "c"]]) == ["metadata.labels"])
        #expect(fields(["name": "a", "labels": ["a": "b c"]]) == ["metadata.labels"])
    }

    @Test func `annotations hold anything, within a bound`() {
        #expect(fields(["name": "a", "annotations": ["Upper.io/x": "any { text\n}"]]) == [])
        let large = JSON.string(String(repeating: "x", count: 262_145))
        #expect(fields(["name": "a", "annotations": ["a": large]]) == ["metadata.annotations"])
        #expect(fields(["name": "a", "annotations": ["a b": ""]]) == ["metadata.annotations"])
    }

    @Test func `finalizers are qualified and listed once`() {
        #expect(fields(["name": "a", "finalizers": ["a/b", "orphan"]]) == [])
        #expect(fields(["name": "a", "finalizers": ["bare"]]) == ["metadata.finalizers[0]"])
        #expect(admit(["name": "a", "finalizers": ["a/b", "a/b"]]).tree["metadata"]?["finalizers"] == ["a/b"])
    }

    @Test func `owners are complete, and one of them controls`() {
        let owner: JSON = ["apiVersion": "v1", "kind": "Job", "name": "a", "uid": "u", "controller": true]
        #expect(fields(["name": "a", "ownerReferences": [owner]]) == [])
        #expect(fields(["name": "a", "ownerReferences": [owner, owner]]) == ["metadata.ownerReferences"])
        #expect(
            fields(["name": "a", "ownerReferences": [["kind": "Job", "x": 1]]]) == [
                "metadata.ownerReferences[0].x", "metadata.ownerReferences[0].apiVersion",
                "metadata.ownerReferences[0].name", "metadata.ownerReferences[0].uid",
            ])
    }

    @Test func `what Kubernetes clients send along is dropped`() {
        let (tree, errors) = admit([
            "name": "a", "managedFields": [["x": 1]], "selfLink": "/a", "creationTimestamp": .null,
        ])
        #expect(errors == [])
        #expect(tree["metadata"] == ["name": "a"])
    }
}
