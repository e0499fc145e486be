import Testing
import TidemillModel
import TidemillSeams
import TidemillWire

@testable import TidemillClient

@Suite struct `Paths` {
    @Test func `of namespaced, cluster and core kinds`() {
        #expect(
            ObjectPath.collection(Kinds.Job.info, namespace: "lab") == "/apis/tidemill.dev/v1alpha1/namespaces/lab/jobs"
        )
        #expect(ObjectPath.collection(Kinds.Job.info, namespace: nil) == "/apis/tidemill.dev/v1alpha1/jobs")
        #expect(ObjectPath.collection(Kinds.Node.info, namespace: "lab") == "/apis/tidemill.dev/v1alpha1/nodes")
        #expect(ObjectPath.object(Kinds.Namespace.info, namespace: nil, name: "lab") == "/api/v1/namespaces/lab")
        #expect(
            ObjectPath.object(Kinds.Task.info, namespace: "lab", name: "t", subresource: .status)
                == "/apis/tidemill.dev/v1alpha1/namespaces/lab/tasks/t/status")
    }

    @Test func `a name cannot leave its place in the path`() {
        let path = ObjectPath.object(Kinds.Node.info, namespace: nil, name: "a/../b?x=1 é")
        #expect(path == "/apis/tidemill.dev/v1alpha1/nodes/a%2F..%2Fb%3Fx%3D1%20%C3%A9")
    }

    @Test func `queries are escaped`() {
        let request = APIRequest(.get, "/x", query: [("labelSelector", "a=b,c!=d"), ("limit", "5")])
        #expect(request.target == "/x?labelSelector=a%3Db%2Cc%21%3Dd&limit=5")
    }
}

@Suite struct `Error answers` {
    @Test func `a Status becomes the error that it names`() {
        let status = Status(.notFound(resource: "jobs.tidemill.dev", name: "x"))
        #expect(
            APIClient.failure(code: 404, body: status.json.bytes)
                == .api(.notFound(resource: "jobs.tidemill.dev", name: "x")))
    }

    @Test func `an answer of something else is told as it came`() {
        #expect(APIClient.failure(code: 502, body: Array("Bad Gateway".utf8)) == .badAnswer("HTTP 502: Bad Gateway"))
        #expect(APIClient.failure(code: 502, body: []) == .badAnswer("HTTP 502"))
    }
}

@Suite struct `Options` {
    @Test func `a delete names its preconditions`() {
        let options = DeleteOptions(uid: "u", resourceVersion: "5", dryRun: true)
        #expect(
            options.json == [
                "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background",
                "preconditions": ["uid": "u", "resourceVersion": "5"], "dryRun": ["All"],
            ])
        #expect(DeleteOptions().json["preconditions"] == nil)
    }

    @Test func `a watch says from where and for how long`() {
        let query = WatchOptions(after: Revision(9), bookmarks: true, timeout: .seconds(60)).query
        #expect(
            query.map { "\($0.name)=\($0.value)" } == [
                "watch=true", "timeoutSeconds=60", "allowWatchBookmarks=true", "resourceVersion=9",
            ])
        #expect(!WatchOptions(after: nil).query.contains { $0.name == "resourceVersion" })
    }
}
