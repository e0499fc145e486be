import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing
import TidemillWire

@Suite struct ReviewTests {
    private static let authorization = "/apis/authorization.k8s.io/v1/"

    private func access(_ attributes: String) -> String {
        #"{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"resourceAttributes":\#(attributes)}}"#
    }

    @Test func `everyone is told what they may do`() async throws {
        try await withServer { test async throws in
            let agent = try await test.agent("a")
            let path = Self.authorization + "selfsubjectaccessreviews"
            let delete = access(#"{"verb":"delete","group":"tidemill.dev","resource":"jobs","namespace":"default"}"#)
            let mine = try await test.admin.post(path, delete)
            #expect(mine.code == 201)
            #expect(mine.json.at(["status", "allowed"]) == true)
            let theirs = try await agent.post(path, delete)
            #expect(theirs.json.at(["status", "allowed"]) == false)
            #expect(theirs.json.at(["status", "reason"])?.string?.contains("cannot delete resource \"jobs\"") == true)
            let read = access(#"{"verb":"list","group":"tidemill.dev","resource":"nodes"}"#)
            #expect(try await agent.post(path, read).json.at(["status", "allowed"]) == true)
            for allowed in [
                #"{"verb":"update","group":"tidemill.dev","resource":"slices","subresource":"status","name":"s"}"#,
                #"{"verb":"create","group":"events.k8s.io","resource":"events","namespace":"default"}"#,
            ] { #expect(try await agent.post(path, access(allowed)).json.at(["status", "allowed"]) == true) }
            let part = access(#"{"verb":"get","group":"tidemill.dev","resource":"slices","subresource":"nope"}"#)
            #expect(try await agent.post(path, part).json.at(["status", "allowed"]) == false)
            let unknown = access(#"{"verb":"get","group":"","resource":"secrets"}"#)
            #expect(try await agent.post(path, unknown).json.at(["status", "allowed"]) == false)
            let metrics = #"{"spec":{"nonResourceAttributes":{"path":"/metrics","verb":"get"}}}"#
            #expect(try await agent.post(path, metrics).json.at(["status", "allowed"]) == false)
            #expect(try await test.admin.post(path, metrics).json.at(["status", "allowed"]) == true)
            #expect(try await test.admin.post(path, "{}").code == 422)
            #expect(try await test.admin.get(path).code == 405)
        }
    }

    @Test func `rules and names are listed`() async throws {
        try await withServer { test async throws in
            let rules = try await test.admin.post(Self.authorization + "selfsubjectrulesreviews", "{}").json
            #expect(rules.at(["status", "resourceRules", "0", "verbs"]) == ["*"])
            #expect(rules.at(["status", "incomplete"]) == false)
            let agent = try await test.agent("a")
            let narrow = try await agent.post(Self.authorization + "selfsubjectrulesreviews", "{}").json
            #expect(narrow.at(["status", "resourceRules", "0", "verbs"]) == ["get", "list", "watch"])
            let who = try await agent.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}").json
            #expect(who.at(["status", "userInfo", "username"]) == "system:node:a")
            #expect(who.at(["status", "userInfo", "groups"]) == ["system:nodes", "system:authenticated"])
        }
    }

    @Test func `the bodies of typed clients are read`() async throws {
        try await withServer { test async throws in
            // runtime.Unknown around a SelfSubjectReview in which nothing is set.
            let typeMeta = field(1, Array("authentication.k8s.io/v1".utf8)) + field(2, Array("SelfSubjectReview".utf8))
            let body = Array("k8s\0".utf8) + field(1, typeMeta) + field(2, [])
            let answer = try await test.admin.send(
                .POST, "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                body: .bytes(ByteBuffer(bytes: body)),
                headers: [("Content-Type", "application/vnd.kubernetes.protobuf")])
            #expect(answer.code == 201, "\(answer.text)")
            #expect(answer.json.at(["status", "userInfo", "username"])?.string?.isEmpty == false)
        }
    }

    private func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(content.count)] + content
    }
}
