import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing
import TidemillDaemon
import TidemillModel
import TidemillSeams
import TidemillWire

@testable import TidemillAPIServer

/// Sessions, with agents and clients that are this test.
@Suite struct ExecRoutesTests {
    private func startTask(_ test: TestServer, state: String = "Running") async throws {
        let task = #"{"metadata":{"name":"t"},"spec":{"slice":"t","template":{"command":["a"]}}}"#
        #expect(try await test.admin.post(Path.tasks, task).code == 201)
        let status = #"{"status":{"node":"a","state":"\#(state)"}}"#
        #expect(try await test.admin.patch(Path.tasks + "/t/status", status).code == 200)
    }

    /// A body that the test writes while the answer comes.
    private struct Mouth {
        let body: HTTPClientRequest.Body
        private let continuation: AsyncStream<ByteBuffer>.Continuation

        init() {
            let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
            body = .stream(stream, length: .unknown)
            self.continuation = continuation
        }

        func say(_ text: String) { continuation.yield(ByteBuffer(string: text)) }
        func finish() { continuation.finish() }
    }

    /// What comes, without regard to how it was cut.
    private struct Ear {
        private var chunks: HTTPClientResponse.Body.AsyncIterator
        private var rest = ""

        init(_ response: HTTPClientResponse) { chunks = response.body.makeAsyncIterator() }

        mutating func expect(_ wanted: String) async throws {
            while rest.count < wanted.count {
                guard let chunk = try await chunks.next() else { break }
                rest += String(buffer: chunk)
            }
            #expect(rest.hasPrefix(wanted))
            rest.removeFirst(min(rest.count, wanted.count))
        }

        mutating func expectTheEnd() async throws {
            let isOver = try await hearsTheEnd()
            #expect(isOver)
        }

        mutating func hearsTheEnd() async throws -> Bool {
            while let chunk = try await chunks.next() { if chunk.readableBytes > 0 { return false } }
            return rest.isEmpty
        }
    }

    /// Both sides of a session that has begun.
    private func withSession(
        _ test: TestServer,
        _ body: (_ client: (mouth: Mouth, ear: Ear), _ agent: (mouth: Mouth, ear: Ear)) async throws -> Void
    ) async throws {
        let node = try await test.agent("a")
        var lines = Lines(try await node.stream(.GET, "/agent/v1/tunnel"))
        _ = try await lines.next()
        let (client, agent) = (Mouth(), Mouth())
        let user = try await test.client("user", groups: [Peer.mastersGroup])
        async let answer = user.stream(
            .POST, Path.tasks + "/t/exec?command=sh&command=-c&command=a%20b&tty=true&rows=40&cols=100&term=vt100",
            body: client.body)
        let open = try TunnelOpen(json: try #require(try await lines.next()))
        #expect(open.verb == "exec" && open.task == "t" && open.namespace == "default")
        #expect(
            open.exec
                == ExecRequest(command: ["sh", "-c", "a b"], terminal: .init(rows: 40, columns: 100, type: "vt100")))
        let dialled = try await node.stream(.POST, "/agent/v1/tunnel/\(open.id)", body: agent.body)
        #expect(dialled.status == .ok)
        let answered = try await answer
        #expect(answered.status == .ok)
        try await body((client, Ear(answered)), (agent, Ear(dialled)))
    }

    @Test func `bytes go both ways at once, and a session ends in order`() async throws {
        try await withServer { test async throws in
            try await startTask(test)
            try await withSession(test) { client, agent in
                var (client, agent) = (client, agent)
                for turn in 0..<3 {
                    agent.mouth.say("prompt \(turn)")
                    try await client.ear.expect("prompt \(turn)")
                    client.mouth.say("answer \(turn)")
                    try await agent.ear.expect("answer \(turn)")
                }
                agent.mouth.say("the end")
                agent.mouth.finish()
                try await agent.ear.expectTheEnd()
                // The client's answer stays open until the client has read all of it and says so.
                try await client.ear.expect("the end")
                client.mouth.finish()
                try await client.ear.expectTheEnd()
            }
        }
    }

    @Test func `what a client still says after the end keeps nothing back`() async throws {
        try await withServer { test async throws in
            try await startTask(test)
            try await withSession(test) { client, agent in
                var (client, agent) = (client, agent)
                client.mouth.say(String(repeating: "x", count: 1 << 20))
                agent.mouth.say("the end")
                agent.mouth.finish()
                try await client.ear.expect("the end")
                client.mouth.finish()
                try await client.ear.expectTheEnd()
                _ = agent.ear
            }
        }
    }

    @Test func `a client that leaves ends the agent's side`() async throws {
        try await withServer { test async throws in
            try await startTask(test)
            try await withSession(test) { client, agent in
                var agent = agent
                client.mouth.say("hello")
                try await agent.ear.expect("hello")
                #expect(await test.server.connections.close { $0.user == "user" } == 1)
                // Cut or ended: either way nothing more comes.
                let isOver = (try? await agent.ear.hearsTheEnd()) ?? true
                #expect(isOver)
            }
        }
    }

    @Test func `an agent that leaves ends the client's side`() async throws {
        try await withServer { test async throws in
            try await startTask(test)
            try await withSession(test) { client, agent in
                var client = client
                agent.mouth.say("hello")
                try await client.ear.expect("hello")
                #expect(await test.server.connections.close { $0.node == NodeID("a") } >= 1)
                client.mouth.finish()
                let isOver = (try? await client.ear.hearsTheEnd()) ?? true
                #expect(isOver)
            }
        }
    }

    @Test func `a silent session outlives the idle time-out, and so does a silent log`() async throws {
        var limits = ServerLimits()
        // Long enough that the steps of this test, beside many others, are no silence themselves.
        limits.idle = .seconds(2)
        try await withServer(limits: limits) { test async throws in
            try await startTask(test)
            try await withSession(test) { client, agent in
                var (client, agent) = (client, agent)
                let began = test.time.now()
                // Another connection that is as silent is closed after so long.
                while test.time.now().since(began) < .seconds(5) { _ = try await test.admin.get("/readyz") }
                agent.mouth.say("still here")
                try await client.ear.expect("still here")
                client.mouth.say("here too")
                try await agent.ear.expect("here too")
                agent.mouth.finish()
                client.mouth.finish()
            }
        }
    }

    @Test func `only running tasks are entered, only with a command, and only by operators`() async throws {
        try await withServer { test async throws in
            let path = Path.tasks + "/t/exec"
            #expect(try await test.admin.post(path + "?command=ls", "").code == 404)
            try await startTask(test, state: "Succeeded")
            let over = try await test.admin.post(path + "?command=ls", "")
            #expect(over.code == 400 && over.message?.contains("Succeeded") == true)
            _ = try await test.admin.patch(Path.tasks + "/t/status", #"{"status":{"state":"Running"}}"#)
            #expect(try await test.admin.post(path, "").code == 400)
            #expect(try await test.admin.get(path + "?command=ls").code == 405)
            let away = try await test.admin.post(path + "?command=ls", "")
            #expect(away.code == 503 && away.message?.contains("\"a\"") == true)
            for other in [try await test.agent("a"), try await test.client("nobody")] {
                #expect(try await other.post(path + "?command=ls", "").code == 403)
            }
        }
    }

    @Test(arguments: [
        ("/agent/v1/tunnel/7", true), ("/apis/tidemill.dev/v1alpha1/namespaces/x/tasks/y/exec?command=a/b", true),
        ("/apis/tidemill.dev/v1alpha1/namespaces/x/tasks/y", false),
        ("/apis/tidemill.dev/v1alpha1/namespaces/x/jobs/exec", false),
        ("/apis/tidemill.dev/v1alpha1/namespaces/tasks/jobs/exec", false), ("/api/v1/namespaces", false),
        ("/apis/tidemill.dev/v1alpha1/namespaces/x/tasks/exec", false),
    ])
    func `only tunnels and sessions are streams without an end`(path: String, isStream: Bool) {
        #expect(TunnelRoute.isStream(path) == isStream)
    }
}
