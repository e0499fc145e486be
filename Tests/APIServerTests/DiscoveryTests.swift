import Testing
import TidemillStore
import TidemillWire

@Suite struct DiscoveryTests {
    @Test func `the version has nine fields, also behind a trailing slash`() async throws {
        try await withServer { test async throws in
            for path in ["/version", "/version/", "/version?timeout=32s"] {
                let version = try await test.admin.get(path).json
                for key in [
                    "major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler",
                    "platform",
                ] { #expect(version[key]?.string != nil, "\(key)") }
                #expect(version["gitVersion"]?.string?.hasPrefix("v1.35.0+tidemill-") == true)
            }
        }
    }

    @Test func `groups, versions and resources are found from the roots`() async throws {
        try await withServer { test async throws in
            #expect(try await test.admin.get("/api/").json["versions"] == ["v1"])
            let groups = try await test.admin.get("/apis").json
            #expect(groups["kind"] == "APIGroupList")
            let names = (groups["groups"]?.array ?? []).compactMap { $0["name"]?.string }
            #expect(names.contains("tidemill.dev") && names.contains("coordination.k8s.io"))
            let group = try await test.admin.get("/apis/tidemill.dev").json
            #expect(group.at(["preferredVersion", "groupVersion"]) == "tidemill.dev/v1alpha1")
            let core = try await test.admin.get("/api/v1").json
            let plurals = (core["resources"]?.array ?? []).compactMap { $0["name"]?.string }
            #expect(plurals.contains("namespaces") && plurals.contains("events"))
            #expect(!plurals.contains("nodes"), "the bare names mean ours")
        }
    }

    @Test func `a resource has its names, scope and verbs`() async throws {
        try await withServer { test async throws in
            let list = try await test.admin.get(Path.group).json["resources"]?.array ?? []
            let node = try #require(list.first { $0["name"] == "nodes" })
            #expect(node["kind"] == "Node")
            #expect(node["namespaced"] == false)
            #expect(node["singularName"] == "node")
            #expect(node["shortNames"] == ["nd"])
            #expect(node["verbs"]?.array?.contains("watch") == true)
            #expect(list.contains { $0["name"] == "nodes/status" })
            #expect(list.contains { $0["name"] == "tasks/log" })
            #expect(list.contains { $0["name"] == "tasks/exec" && $0["verbs"] == ["create"] })
        }
    }

    @Test func `health, paths and metrics are there`() async throws {
        try await withServer { test async throws in
            for path in ["/healthz", "/livez", "/readyz?verbose", "/readyz/ping"] {
                #expect(try await test.admin.get(path).text == "ok")
            }
            #expect(try await test.admin.get("/").json["paths"]?.array?.contains("/apis/tidemill.dev/v1alpha1") == true)
            let metrics = try await test.admin.get("/metrics").text
            #expect(metrics.contains("tidemill_api_requests_total{code=\"2xx\"} 5\n"))
        }
    }

    @Test func `a controller that keeps nothing is alive and not ready`() async throws {
        try await withServer { test async throws in
            await test.resources.halt.stop("an agent remembers revision 9")
            let answer = try await test.admin.get("/readyz")
            #expect(answer.code == 503)
            #expect(answer.message == "ControllerRolledBack: an agent remembers revision 9")
            #expect(try await test.admin.get("/healthz").text == "ok")
        }
    }

    @Test func `a namespace is an object and a place`() async throws {
        try await withServer { test async throws in
            let home = try await test.admin.get("/api/v1/namespaces/default").json
            #expect(home["kind"] == "Namespace")
            #expect(try await test.admin.get("/api/v1/namespaces/default/events").json["kind"] == "EventList")
            #expect(try await test.admin.get("/api/v1/namespaces/default/status").json["kind"] == "Namespace")
        }
    }
}
