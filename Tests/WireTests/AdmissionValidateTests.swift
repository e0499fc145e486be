import Testing
import TidemillModel
import TidemillWire

@Suite struct AdmissionValidateTests {
    @Test func `rules that span fields are reached through the kind`() {
        let (tree, errors) = Admission.admit(
            [
                "metadata": ["name": "a"],
                "spec": ["gang": ["min": 1, "max": 2], "slice": [:], "template": ["command": ["a"]]],
            ], kind: Kinds.jobInfo)
        #expect(errors == [])
        #expect(
            Admission.validate(tree, old: nil, kind: Kinds.jobInfo).map(\.field) == ["spec.gang.max", "spec.slice"])
    }

    @Test func `a tree that cannot be read is one error with its path`() {
        let errors = Admission.validate(["spec": ["slice": 1]], old: nil, kind: Kinds.jobInfo)
        #expect(errors.map(\.field) == ["spec.slice"])
    }

    @Test func `every kind has a codec`() {
        #expect(KindCodecs.all.map(\.info) == Kinds.all)
    }
}
