import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing
import TidemillWire

@Suite struct PatchRouteTests {
    private static let apply = "application/apply-patch+yaml"
    private static let jsonPatch = "application/json-patch+json"

    @Test func `an unknown kind of patch is refused with the list of what is accepted`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let answer = try await test.admin.patch(
                Path.nodes + "/a", "{}", type: "application/strategic-merge-patch+json")
            #expect(answer.code == 415)
            #expect(answer.reason == "UnsupportedMediaType")
            #expect(
                answer.message
                    == "the body of the request was in an unknown format (application/strategic-merge-patch+json) - "
                    + "accepted media types include: application/json-patch+json, application/merge-patch+json, "
                    + "application/apply-patch+yaml")
            let list = try await test.admin.patch(Path.nodes + "/a", "[1]")
            #expect(list.code == 400)
            #expect(list.message == "a merge patch must be an object, not an array")
        }
    }

    @Test func `a JSON patch is carried out, or says which operation cannot be`() async throws {
        try await withServer { test async throws in
            let made = try await test.admin.post(Path.nodes, nodeText("a")).json
            let version = try #require(made.at(["metadata", "resourceVersion"])?.text)
            let path = Path.nodes + "/a"
            let locked =
                #"[{"op":"test","path":"/metadata/resourceVersion","value":\#(version)},"#
                + #"{"op":"add","path":"/metadata/finalizers","value":["kopf.zalando.org/KopfFinalizerMarker"]}]"#
            let first = try await test.admin.patch(path, locked, type: Self.jsonPatch)
            #expect(first.code == 200, "\(first.text)")
            #expect(first.json.at(["metadata", "finalizers", "0"]) == "kopf.zalando.org/KopfFinalizerMarker")
            let second = try await test.admin.patch(path, locked, type: Self.jsonPatch)
            #expect(second.code == 422)
            #expect(second.json.at(["details", "causes", "0", "field"]) == "patch[0].path")
            let stale = #"[{"op":"replace","path":"/metadata/resourceVersion","value":\#(version)}]"#
            #expect(try await test.admin.patch(path, stale, type: Self.jsonPatch).reason == "Conflict")
            for (body, code) in [
                (#"[{"op":"remove","path":"/spec/nothing"}]"#, 422), (#"{"op":"remove"}"#, 400),
                (#"[{"op":"replace","path":"","value":[]}]"#, 400), (#"[{"op":"explode","path":""}]"#, 400),
            ] {
                let answer = try await test.admin.patch(path, body, type: Self.jsonPatch)
                #expect(answer.code == code, "\(body): \(answer.text)")
                #expect(answer.json["kind"] == "Status")
            }
        }
    }

    @Test func `who applies owns what is applied, and others are told`() async throws {
        try await withServer { test async throws in
            let path = Path.nodes + "/a"
            let ours = "apiVersion: tidemill.dev/v1alpha1\nkind: Node\nmetadata:\n  labels: {rack: '7'}\n"
            let created = try await test.admin.patch(path + "?fieldManager=ci", ours, type: Self.apply)
            #expect(created.code == 201, "\(created.text)")
            let owner = created.json.at(["metadata", "managedFields", "0"])
            #expect(owner?["manager"] == "ci")
            #expect(owner?["operation"] == "Apply")
            #expect(owner?.at(["fieldsV1", "f:metadata", "f:labels", "f:rack"]) == [:])
            let again = try await test.admin.patch(path + "?fieldManager=ci", ours, type: Self.apply)
            #expect(again.code == 200)
            #expect(again.text == created.text, "nothing changed")

            let theirs = #"{"metadata":{"labels":{"rack":"8"}}}"#
            let refused = try await test.admin.patch(path + "?fieldManager=ops", theirs, type: Self.apply)
            #expect(refused.code == 409)
            #expect(
                refused.message == #"Apply failed with 1 conflict: conflict with "ci": .metadata.labels.rack"#)
            #expect(refused.json.at(["details", "causes", "0", "reason"]) == "FieldManagerConflict")
            let taken = try await test.admin.patch(path + "?fieldManager=ops&force=true", theirs, type: Self.apply)
            #expect(taken.json.at(["metadata", "labels", "rack"]) == "8")
            // The one who no longer says it has nothing left to take away.
            let nothing = try await test.admin.patch(path + "?fieldManager=ops", "{}", type: Self.apply)
            #expect(nothing.json.at(["metadata", "labels"]) == nil)
        }
    }

    @Test func `an apply says who applies, and nothing else is forced`() async throws {
        try await withServer { test async throws in
            let path = Path.nodes + "/a"
            let nobody = try await test.admin.patch(path, "{}", type: Self.apply)
            #expect(nobody.code == 422)
            #expect(
                nobody.message
                    == #"PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch"#
            )
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let forced = try await test.admin.patch(path + "?force=true", "{}")
            #expect(forced.code == 422)
            #expect(forced.message?.contains("may not be specified for non-apply patch") == true)
            let long = String(repeating: "m", count: 129)
            #expect(try await test.admin.patch(path + "?fieldManager=\(long)", "{}").code == 422)
            #expect(try await test.admin.patch(path + "?fieldManager=a%0Ab", "{}").code == 422)
            let claimed = try await test.admin.patch(
                path + "?fieldManager=ci", #"{"metadata":{"managedFields":[]}}"#, type: Self.apply)
            #expect(claimed.code == 400)
            let other = try await test.admin.patch(
                path + "?fieldManager=ci", #"{"metadata":{"name":"b"}}"#, type: Self.apply)
            #expect(other.message == "the name of the object (b) does not match the name on the URL (a)")
            let stale = try await test.admin.patch(
                path + "?fieldManager=ci", #"{"metadata":{"resourceVersion":"1"}}"#, type: Self.apply)
            #expect(stale.reason == "Conflict")
        }
    }

    @Test func `agents write by merge patch alone`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let agent = try await test.agent("a")
            let path = Path.nodes + "/a/status"
            let patch = try await agent.patch(
                path, #"[{"op":"add","path":"/status","value":{}}]"#, type: Self.jsonPatch)
            #expect(patch.code == 403)
            #expect(try await agent.patch(path + "?fieldManager=x", "{}", type: Self.apply).code == 403)
        }
    }

    @Test func `a writer is known by its program when it says no name`() async throws {
        try await withServer { test async throws in
            let made = try await test.admin.send(
                .POST, Path.nodes, body: .bytes(.init(string: nodeText("a"))),
                headers: [("User-Agent", "kubectl/v1.35.0 (linux/amd64)")])
            #expect(made.json.at(["metadata", "managedFields", "0", "manager"]) == "kubectl")
            let patched = try await test.admin.patch(
                Path.nodes + "/a?fieldManager=me", #"{"metadata":{"labels":{"x":"y"}}}"#)
            let owners = patched.json.at(["metadata", "managedFields"])?.array ?? []
            #expect(owners.map { $0["manager"] } == ["kubectl", "me"] || owners.map { $0["manager"] } == ["me"])
            #expect(owners.contains { $0["operation"] == "Update" })
        }
    }

    @Test func `a name that is too long is cut where it can be`() async throws {
        try await withServer { test async throws in
            let name = String(repeating: "k", count: 127)
            let made = try await test.admin.send(
                .POST, Path.nodes, body: .bytes(.init(string: nodeText("a"))), headers: [("User-Agent", name + "é")])
            #expect(made.json.at(["metadata", "managedFields", "0", "manager"])?.string == name)
        }
    }

    @Test func `what cannot be answered is not written`() async throws {
        try await withServer { test async throws in
            let refused = try await test.admin.send(
                .POST, Path.nodes, body: .bytes(.init(string: nodeText("a"))), headers: [("Accept", "text/html")])
            #expect(refused.code == 406)
            #expect(try await test.admin.get(Path.nodes + "/a").code == 404)
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let other = try await test.admin.patch(
                Path.nodes + "/a/status", #"{"metadata":{"name":"b"},"status":{}}"#)
            #expect(other.code == 400)
        }
    }

    @Test func `unknown fields are refused, told or passed over`() async throws {
        try await withServer { test async throws in
            let body = jobText("x", extra: #","bogus":1"#)
            #expect(try await test.admin.post(Path.jobs + "?fieldValidation=Strict", body).code == 400)
            #expect(try await test.admin.post(Path.jobs, body).code == 400, "strict is the default")
            let warned = try await test.admin.post(Path.jobs + "?fieldValidation=Warn&dryRun=All", body)
            #expect(warned.code == 201, "\(warned.text)")
            #expect(warned.headers.first(name: "Warning") == #"299 - "unknown field \"spec.bogus\"""#)
            #expect(warned.json.at(["spec", "bogus"]) == nil)
            let passed = try await test.admin.post(Path.jobs + "?fieldValidation=Ignore", body)
            #expect(passed.code == 201)
            #expect(passed.headers.first(name: "Warning") == nil)
            let patch = #"{"spec":{"bogus":2}}"#
            let patched = try await test.admin.patch(Path.jobs + "/x?fieldValidation=Warn", patch)
            #expect(patched.headers.first(name: "Warning") == #"299 - "unknown field \"spec.bogus\"""#)
            #expect(try await test.admin.post(Path.jobs + "?fieldValidation=Perhaps", body).code == 400)
            // Seventy unknown fields hide no mistake.
            let many = (0..<70).map { #","b\#($0)":1"# }.joined() + #","retries":"three""#
            let hidden = try await test.admin.post(
                Path.jobs + "?fieldValidation=Ignore", jobText("y", extra: many))
            #expect(hidden.code == 422)
        }
    }
}
