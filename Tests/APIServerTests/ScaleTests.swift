import AsyncHTTPClient
import NIOHTTP1
import Testing
import TidemillWire

@Suite struct ScaleTests {
    @Test func `a job is scaled by the size of its gang`() async throws {
        try await withServer { test async throws in
            let path = Path.jobs + "/a/scale"
            #expect(try await test.admin.get(path).code == 404)
            _ = try await test.admin.post(Path.jobs, jobText("a", extra: #","gang":{"min":2,"max":2}"#))
            let scale = try await test.admin.get(path).json
            #expect(scale["kind"] == "Scale")
            #expect(scale["apiVersion"] == "autoscaling/v1")
            #expect(scale.at(["spec", "replicas"]) == 2)
            #expect(scale.at(["status", "selector"]) == "tidemill.dev/job=a")
            let patched = try await test.admin.patch(path, #"{"spec":{"replicas":3}}"#)
            #expect(patched.json.at(["spec", "replicas"]) == 3, "\(patched.text)")
            let job = try await test.admin.get(Path.jobs + "/a").json
            #expect(job.at(["spec", "gang"]) == ["min": 3, "max": 3])
            #expect(job.at(["metadata", "generation"]) == 2)
            // The scale that was read first is out of date.
            #expect(try await test.admin.put(path, scale.text).reason == "Conflict")
            var next = patched.json
            next["spec"]?["replicas"] = 4
            #expect(try await test.admin.put(path, next.text).json.at(["spec", "replicas"]) == 4)
            let other = try await test.admin.patch(path, #"{"metadata":{"uid":"other"},"spec":{"replicas":5}}"#)
            #expect(other.reason == "Conflict")
            let json = #"[{"op":"test","path":"/spec/replicas","value":9}]"#
            #expect(try await test.admin.patch(path, json, type: "application/json-patch+json").code == 422)
        }
    }

    @Test(arguments: [
        (#"{"spec":{"replicas":0}}"#, 422, "spec.gang.min"), (#"{"spec":{"replicas":"two"}}"#, 422, "spec.replicas"),
        (#"{"spec":{"replicas":null}}"#, 422, "spec.replicas: Required value"), (#"{"kind":"Job"}"#, 400, "Scale"),
        ("[1]", 400, "must be an object"),
    ]) func `a scale that is none is refused`(_ patch: String, _ code: Int, _ says: String) async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.jobs, jobText("a"))
            let answer = try await test.admin.patch(Path.jobs + "/a/scale", patch)
            #expect(answer.code == code, "\(answer.text)")
            #expect(answer.message?.contains(says) == true, "\(answer.message ?? "")")
        }
    }

    @Test func `what has no scale has no such path`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            #expect(try await test.admin.get(Path.nodes + "/a/scale").code == 404)
            let list = try await test.admin.get(Path.group).json["resources"]?.array ?? []
            let scale = try #require(list.first { $0["name"] == "jobs/scale" })
            #expect(scale["group"] == "autoscaling")
            #expect(scale["kind"] == "Scale")
            #expect(!list.contains { $0["name"] == "nodes/scale" })
        }
    }
}
