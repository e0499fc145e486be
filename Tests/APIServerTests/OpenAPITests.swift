import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing
import TidemillWire

@Suite struct OpenAPITests {
    private static let group = "apis/tidemill.dev/v1alpha1"
    private static let protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"

    @Test func `each group version has a document with a hash that clients keep`() async throws {
        try await withServer { test async throws in
            let index = try await test.admin.get("/openapi/v3").json
            let url = try #require(index.at(["paths", Self.group, "serverRelativeURL"])?.string)
            #expect(index.at(["paths", "api/v1", "serverRelativeURL"]) != nil)
            let answer = try await test.admin.get(url)
            #expect(answer.headers.first(name: "Cache-Control") == "public, immutable")
            let tag = try #require(answer.headers.first(name: "ETag"))
            #expect(url.hasSuffix("?hash=" + tag.dropFirst().dropLast()))
            let kept = try await test.admin.send(
                .GET, "/openapi/v3/" + Self.group, headers: [("If-None-Match", tag)])
            #expect(kept.code == 304)
            #expect(kept.text.isEmpty)
            #expect(try await test.admin.get("/openapi/v3/apis/other/v1").code == 404)
            #expect(try await test.admin.get("/openapi/v3", accept: "text/html").code == 406)
        }
    }

    @Test func `explain finds every field with its text, and validation what it looks for`() async throws {
        try await withServer { test async throws in
            let document = try await test.admin.get("/openapi/v3/" + Self.group).json
            let path = "/apis/tidemill.dev/v1alpha1/namespaces/{namespace}/jobs/{name}"
            let patch = try #require(document.at(["paths", path, "patch"]))
            #expect(patch.at(["x-kubernetes-group-version-kind", "kind"]) == "Job")
            let names = (patch["parameters"]?.array ?? []).compactMap { $0["name"]?.string }
            #expect(Set(["dryRun", "fieldManager", "fieldValidation", "force"]).isSubset(of: names))
            let types = patch.at(["requestBody", "content"])?.object?.keys ?? []
            #expect(
                types == [
                    "application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml",
                ], "a strategic merge is never offered")
            let retries = document.at(["components", "schemas", "JobSpec", "properties", "retries"])
            #expect(retries?["description"]?.string?.hasPrefix("How often the gang starts again") == true)
            #expect(retries?["default"] == 0)
            let kinds = (document.at(["components", "schemas"])?.object?.members ?? []).compactMap {
                $0.value.at(["x-kubernetes-group-version-kind", "0", "kind"])?.string
            }
            #expect(Set(["Device", "DeviceClass", "Job", "Node", "Slice", "Task", "JobList"]).isSubset(of: kinds))
            #expect(dangling(document).isEmpty)
        }
    }

    @Test func `OpenAPI 2 comes as JSON and as protobuf, and as nothing else`() async throws {
        try await withServer { test async throws in
            let document = try await test.admin.get("/openapi/v2").json
            #expect(document["swagger"] == "2.0")
            #expect(
                document.at(["definitions", "JobSpec", "properties", "slice", "$ref"]) == "#/definitions/SliceRequest")
            #expect(dangling(document).isEmpty)
            let answer = try await test.admin.get("/openapi/v2", accept: Self.protobuf)
            #expect(
                answer.headers.first(name: "Content-Type")
                    == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
            #expect(answer.text.hasPrefix("\n\u{3}2.0"))
            #expect(answer.text.contains("How often the gang starts again"))
            let first = try await test.admin.get("/openapi/v2", accept: Self.protobuf + ",application/json")
            #expect(first.text == answer.text)
            #expect(try await test.admin.get("/openapi/v2", accept: "text/html").code == 406)
        }
    }

    /// References that lead nowhere.
    private func dangling(_ document: JSON) -> [String] {
        var found: [String] = []
        func look(_ value: JSON) {
            switch value {
            case .array(let items): items.forEach(look)
            case .object(let object):
                for member in object.members {
                    if member.key == "$ref", let target = member.value.string {
                        let path = target.split(separator: "/").dropFirst().map(String.init)
                        if document.at(path) == nil { found.append(target) }
                    }
                    look(member.value)
                }
            default: break
            }
        }
        look(document)
        return found
    }
}
