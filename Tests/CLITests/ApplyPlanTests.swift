import Testing
import TidemillWire

@testable import tidemill

@Suite struct ApplyPlanTests {
    private let manifest: JSON = [
        "apiVersion": "tidemill.dev/v1alpha1", "kind": "Job", "metadata": ["name": "x", "namespace": "default"],
        "spec": ["retries": 1, "slice": ["cpu": "1"]],
    ]

    /// The manifest as a server keeps it after an apply.
    private func stored(_ manifest: JSON) -> JSON {
        var stored = ApplyPlan.annotated(manifest)
        stored["metadata"]?["uid"] = "u"
        stored["metadata"]?["resourceVersion"] = "7"
        stored["spec"]?["preemptibility"] = "nonPreemptible"
        stored["status"] = ["state": "Running"]
        return stored
    }

    private func patch(_ manifest: JSON, _ live: JSON) -> JSON? {
        if case .patch(let patch) = ApplyPlan(manifest: manifest, live: live) { patch } else { nil }
    }

    @Test func `creates what is not there, with its record`() {
        guard case .create(let object) = ApplyPlan(manifest: manifest, live: nil) else {
            Issue.record("it must be created")
            return
        }
        #expect(object.at(["metadata", "annotations", ApplyPlan.annotation]) == .string(manifest.text + "\n"))
        #expect(object["spec"] == manifest["spec"])
    }

    @Test func `changes nothing when nothing changed, defaults of the server included`() {
        #expect(ApplyPlan(manifest: manifest, live: stored(manifest)) == .nothing)
    }

    @Test func `sends only what changed, and the new record`() {
        var changed = manifest
        changed["spec"]?["retries"] = 2
        let patch = patch(changed, stored(manifest))
        #expect(patch?["spec"] == ["retries": 2])
        #expect(patch?.at(["metadata", "annotations", ApplyPlan.annotation]) == .string(changed.text + "\n"))
    }

    @Test func `removes a field that was taken out of the manifest, and no other`() {
        var shorter = manifest
        shorter["spec"]?["retries"] = nil
        let patch = patch(shorter, stored(manifest))
        #expect(patch?["spec"] == ["retries": .null])
    }

    @Test func `leaves labels of others alone`() {
        var live = stored(manifest)
        live["metadata"]?["labels"] = ["owner": "someone"]
        #expect(ApplyPlan(manifest: manifest, live: live) == .nothing)
    }

    @Test func `puts back what others changed`() {
        var live = stored(manifest)
        live["spec"]?["retries"] = 9
        #expect(patch(manifest, live)?["spec"] == ["retries": 1])
    }

    @Test func `replaces lists as a whole`() {
        var wanted = manifest
        wanted["spec"]?["command"] = ["a", "b"]
        var live = stored(wanted)
        live["spec"]?["command"] = ["a"]
        #expect(patch(wanted, live)?["spec"] == ["command": ["a", "b"]])
    }

    @Test func `the output of get can be applied`() {
        // The record now names the defaults too; nothing else differs.
        #expect(patch(stored(manifest), stored(manifest))?.object?.keys == ["metadata"])
        guard case .create(let object) = ApplyPlan(manifest: stored(manifest), live: nil) else {
            Issue.record("it must be created")
            return
        }
        #expect(object["status"] == nil)
        #expect(object.at(["metadata", "resourceVersion"]) == nil)
        #expect(object.at(["metadata", "uid"]) == nil)
    }

    @Test func `an object that was created without apply is adopted`() {
        var live = stored(manifest)
        live["metadata"]?["annotations"] = nil
        let patch = patch(manifest, live)
        #expect(patch?["spec"] == nil)
        #expect(patch?.at(["metadata", "annotations", ApplyPlan.annotation]) != nil)
    }

    @Test func `a record in other words is no change`() {
        var live = stored(manifest)
        let spaced = manifest.text.replacing(",", with: ", ")
        live["metadata"]?["annotations"]?[ApplyPlan.annotation] = .string(spaced)
        #expect(ApplyPlan(manifest: manifest, live: live) == .nothing)
    }
}
