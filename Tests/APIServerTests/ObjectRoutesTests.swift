import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing
import TidemillWire

@Suite struct ObjectRoutesTests {
    @Test func `an object lives from create to delete`() async throws {
        try await withServer { test async throws in
            let created = try await test.admin.post(Path.jobs, jobText("hello"))
            #expect(created.code == 201)
            #expect(created.json["kind"] == "Job")
            let uid = try #require(created.json.at(["metadata", "uid"])?.string)
            #expect(created.json.at(["spec", "gang", "min"]) == 1, "defaults are filled in")

            let read = try await test.admin.get(Path.jobs + "/hello")
            #expect(read.code == 200)
            #expect(read.text == created.text)
            #expect(read.headers.first(name: "Content-Type") == "application/json")

            let patched = try await test.admin.patch(Path.jobs + "/hello", #"{"metadata":{"labels":{"a":"b"}}}"#)
            #expect(patched.code == 200)
            #expect(patched.json.at(["metadata", "labels", "a"]) == "b")
            #expect(patched.json.at(["metadata", "generation"]) == 1)

            let deleted = try await test.admin.delete(Path.jobs + "/hello", #"{"propagationPolicy":"Background"}"#)
            #expect(deleted.code == 200)
            #expect(deleted.json["status"] == "Success")
            #expect(deleted.json.at(["details", "uid"]) == .string(uid))
            #expect(deleted.json.at(["details", "kind"]) == "jobs")
            #expect(try await test.admin.get(Path.jobs + "/hello").code == 404)
        }
    }

    @Test func `an update needs the revision that it replaces`() async throws {
        try await withServer { test async throws in
            let first = try await test.admin.post(Path.nodes, nodeText("a"))
            let moved = try await test.admin.patch(Path.nodes + "/a", #"{"spec":{"unschedulable":true}}"#)
            #expect(moved.json.at(["metadata", "generation"]) == 2)
            let stale = try await test.admin.put(Path.nodes + "/a", first.text)
            #expect(stale.code == 409)
            #expect(stale.reason == "Conflict")
            #expect(
                stale.message
                    == "Operation cannot be fulfilled on nodes.tidemill.dev \"a\": the object has been modified; please apply your changes to the latest version and try again"
            )
            #expect(try await test.admin.put(Path.nodes + "/a", nodeText("a")).code == 422)
            #expect(try await test.admin.put(Path.nodes + "/a", moved.text).code == 200)
        }
    }

    @Test func `status and the rest are written apart`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let status = try await test.admin.patch(
                Path.nodes + "/a/status", #"{"status":{"agentVersion":"1"},"spec":{"unschedulable":true}}"#)
            #expect(status.code == 200)
            #expect(status.json.at(["status", "agentVersion"]) == "1")
            #expect(status.json.at(["spec", "unschedulable"]) != true)
            let main = try await test.admin.patch(Path.nodes + "/a", #"{"status":{"agentVersion":"2"}}"#)
            #expect(main.json.at(["status", "agentVersion"]) == "1")
        }
    }

    @Test func `a dry run checks and stores nothing, also when a deletion asks for it in its body`() async throws {
        try await withServer { test async throws in
            let dry = try await test.admin.post(Path.nodes + "?dryRun=All", nodeText("a"))
            #expect(dry.code == 201)
            #expect(try await test.admin.get(Path.nodes + "/a").code == 404)
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            #expect(try await test.admin.delete(Path.nodes + "/a", #"{"dryRun":["All"]}"#).code == 200)
            #expect(try await test.admin.get(Path.nodes + "/a").code == 200)
            #expect(try await test.admin.delete(Path.nodes + "/a?dryRun=All").code == 200)
            #expect(try await test.admin.get(Path.nodes + "/a").code == 200)
        }
    }

    @Test func `a deletion holds to its preconditions and refuses what it cannot do`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let path = Path.nodes + "/a"
            #expect(try await test.admin.delete(path, #"{"preconditions":{"uid":"other"}}"#).code == 409)
            let unknown = try await test.admin.delete(path, #"{"propagationPolicy":"Later"}"#)
            #expect(unknown.code == 400)
            #expect(unknown.message?.contains("Background") == true)
            #expect(try await test.admin.delete(path, #"{"propagate":"x"}"#).code == 400)
            #expect(try await test.admin.delete(path, "{}").code == 200)
        }
    }

    @Test func `apiVersion, kind and namespace are taken from the path when a client leaves them out`() async throws {
        try await withServer { test async throws in
            let created = try await test.admin.post(
                Path.jobs,
                #"{"metadata":{"generateName":"x-"},"spec":{"slice":{"cpu":"1","memory":"64Mi"},"template":{"command":["a"]}}}"#
            )
            #expect(created.code == 201)
            #expect(created.json["apiVersion"] == "tidemill.dev/v1alpha1")
            #expect(created.json.at(["metadata", "namespace"]) == "default")
            #expect(created.json.at(["metadata", "name"])?.string?.hasPrefix("x-") == true)
        }
    }

    @Test func `a Table has a row with the columns of the kind`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.jobs, jobText("hello"))
            for path in [Path.jobs, Path.jobs + "/hello", Path.group + "/jobs"] {
                let table = try await test.admin.get(path, accept: tableAccept).json
                #expect(table["kind"] == "Table")
                let columns = try #require(table["columnDefinitions"]?.array)
                #expect(columns.first?["name"] == "Name")
                let row = try #require(table["rows"]?.array?.first)
                #expect(row["cells"]?.array?.count == columns.count)
                #expect(row["cells"]?.array?.first == "hello")
                #expect(row.at(["object", "metadata", "name"]) == "hello")
                #expect(row.at(["object", "spec"]) == nil)
            }
            let whole = try await test.admin.get(Path.jobs + "?includeObject=Object", accept: tableAccept).json
            #expect(whole.at(["rows", "0", "object", "spec", "slice", "cpu"]) == "250m")
        }
    }

    @Test func `metadata alone is sent to those who ask for it`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
            let one = try await test.admin.get(Path.nodes + "/a", accept: accept).json
            #expect(one["kind"] == "PartialObjectMetadata")
            #expect(one["spec"] == nil)
            let all = try await test.admin.get(
                Path.nodes, accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
            ).json
            #expect(all.at(["items", "0", "metadata", "name"]) == "a")
            #expect(try await test.admin.get(Path.nodes, accept: "text/html").code == 406)
        }
    }

    @Test func `a list is paged, selected and always has items`() async throws {
        try await withServer { test async throws in
            let empty = try await test.admin.get(Path.nodes)
            #expect(empty.json["kind"] == "NodeList")
            #expect(empty.json["items"] == [])
            for name in ["a", "b", "c"] { _ = try await test.admin.post(Path.nodes, nodeText(name)) }
            _ = try await test.admin.patch(Path.nodes + "/b", #"{"metadata":{"labels":{"rack":"7"}}}"#)
            let first = try await test.admin.get(Path.nodes + "?limit=2").json
            #expect(names(first) == ["a", "b"])
            #expect(first.at(["metadata", "remainingItemCount"]) == 1)
            let token = try #require(first.at(["metadata", "continue"])?.string)
            let second = try await test.admin.get(Path.nodes + "?limit=2&continue=\(token)").json
            #expect(names(second) == ["c"])
            #expect(second.at(["metadata", "resourceVersion"]) == first.at(["metadata", "resourceVersion"]))
            #expect(names(try await test.admin.get(Path.nodes + "?labelSelector=rack%3D7").json) == ["b"])
            #expect(
                names(try await test.admin.get(Path.nodes + "?fieldSelector=metadata.name%21%3Db").json) == ["a", "c"])
            #expect(try await test.admin.get(Path.nodes + "?fieldSelector=spec.nope%3Db").code == 400)
            #expect(try await test.admin.get(Path.nodes + "?limit=x").code == 400)
            #expect(try await test.admin.get(Path.nodes + "?continue=x").code == 400)
        }
    }

    @Test func `a revision from the future is a time-out that says when to try again`() async throws {
        try await withServer { test async throws in
            _ = try await test.admin.post(Path.nodes, nodeText("a"))
            let answer = try await test.admin.get(Path.nodes + "/a?resourceVersion=999999")
            #expect(answer.code == 504)
            #expect(answer.headers.first(name: "Retry-After") == "1")
            #expect(try await test.admin.get(Path.nodes + "/a?resourceVersion=1").code == 200)
        }
    }

    @Test func `a whole collection can be deleted`() async throws {
        try await withServer { test async throws in
            for name in ["a", "b"] { _ = try await test.admin.post(Path.nodes, nodeText(name)) }
            let answer = try await test.admin.delete(Path.nodes + "?fieldSelector=metadata.name%3Da")
            #expect(answer.code == 200)
            #expect(names(try await test.admin.get(Path.nodes).json) == ["b"])
        }
    }
}

func names(_ list: JSON) -> [String] {
    (list["items"]?.array ?? []).compactMap { $0.at(["metadata", "name"])?.string }
}
