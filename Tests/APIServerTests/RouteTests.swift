import Testing
import TidemillModel
import TidemillWire

@testable import TidemillAPIServer

@Suite struct RouteTests {
    private let kinds = KindTable(Kinds.all)

    private func route(_ path: String) throws(APIError) -> Route {
        try Route(RequestTarget(path).segments, kinds: kinds)
    }

    @Test func `paths name what Kubernetes says they name`() throws {
        let job = try #require(kinds["tidemill.dev", "v1alpha1", "jobs"])
        let task = try #require(kinds["tidemill.dev", "v1alpha1", "tasks"])
        let namespace = try #require(kinds["", "v1", "namespaces"])
        let event = try #require(kinds["", "v1", "events"])
        let group = "/apis/tidemill.dev/v1alpha1"
        let table: [(String, Route)] = [
            ("/", .root), ("/version/", .version), ("/api", .coreVersions), ("/apis/", .groups),
            ("/apis/tidemill.dev", .group("tidemill.dev")), ("/api/v1", .resources(group: "", version: "v1")),
            (group, .resources(group: "tidemill.dev", version: "v1alpha1")),
            (group + "/jobs", .collection(job, namespace: nil)),
            (group + "/namespaces/x/jobs", .collection(job, namespace: "x")),
            (group + "/namespaces/x/jobs/y", .object(job, namespace: "x", name: "y", part: nil)),
            (group + "/namespaces/x/jobs/y/status", .object(job, namespace: "x", name: "y", part: .status)),
            ("/api/v1/namespaces", .collection(namespace, namespace: nil)),
            ("/api/v1/namespaces/x", .object(namespace, namespace: "", name: "x", part: nil)),
            ("/api/v1/namespaces/x/status", .object(namespace, namespace: "", name: "x", part: .status)),
            ("/api/v1/namespaces/x/events", .collection(event, namespace: "x")),
            (group + "/namespaces/x/tasks/y/exec", .object(task, namespace: "x", name: "y", part: .exec)),
            ("/agent/v1/inventory", .inventory), ("/admin/v1/backup", .backup),
            ("/agent/v1/tunnel/7", .tunnelStream(id: "7")), ("/readyz/ping", .ready), ("/livez", .health),
        ]
        for (path, wanted) in table { #expect(try route(path) == wanted, "\(path)") }
    }

    @Test(arguments: [
        "/apis/tidemill.dev/v1alpha1/jobs/y", "/apis/tidemill.dev/v1alpha1/namespaces/x/nodes",
        "/apis/tidemill.dev/v1alpha1/namespaces/x/jobs/y/log", "/apis/tidemill.dev/v1alpha1/namespaces/x/jobs/y/exec",
        "/api/v1/namespaces/x/events/y/status",
        "/api/v1/nodes", "/apis/v1", "/version/x", "/agent/v2/tunnel",
        "/admin/v1", "/admin/v1/backup/x", "/admin/v2/backup",
    ]) func `other paths name nothing`(_ path: String) {
        #expect(throws: APIError.noSuchPath) { try route(path) }
    }

    @Test(arguments: ["/%zz", "/%4", "/%", "/a%00b", "/%C3%28", "/?a=%ZZ"])
    func `broken escapes are a bad request`(_ path: String) {
        #expect {
            try RequestTarget(path)
        } throws: { error in
            if case .badRequest = error as? APIError { true } else { false }
        }
    }

    @Test func `escapes and plus signs are resolved where they may stand`() throws {
        let target = try RequestTarget("/a%2Fb/c+d?x=1%2B1&y=a+b&x=2&flag&empty=")
        #expect(target.segments == ["a/b", "c+d"])
        #expect(target.query["x"] == "1+1")
        #expect(target.query.all("x") == ["1+1", "2"])
        #expect(target.query["y"] == "a b")
        #expect(try target.query.flag("flag"))
        #expect(try !target.query.flag("absent"))
        #expect(throws: APIError.self) { try target.query.flag("y") }
    }
}
