import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing
import TidemillAPIServer
import TidemillModel
import TidemillSeams
import TidemillWire

@Suite struct AgentRoutesTests {
    private let task =
        #"{"metadata":{"name":"t"},"spec":{"slice":"t","template":{"command":["a"]}}}"#

    private func startTask(_ test: TestServer, on node: String) async throws {
        #expect(try await test.admin.post(Path.tasks, task).code == 201)
        #expect(
            try await test.admin.patch(Path.tasks + "/t/status", #"{"status":{"node":"\#(node)"}}"#).code == 200)
    }

    @Test func `a heartbeat reaches its handler, and only under the node's own name`() async throws {
        try await withServer { test async throws in
            let agent = try await test.agent("a")
            var heartbeat = Heartbeat(
                node: NodeID("a"), bootID: BootID("b"), machineID: "m", agentStart: "s", sentAt: 1, appliedRevision: 7)
            let answer = try await agent.post("/agent/v1/heartbeat", heartbeat.json.text)
            #expect(answer.code == 200)
            #expect(try HeartbeatReply(json: answer.json).revision == 7)
            heartbeat.node = NodeID("b")
            #expect(try await agent.post("/agent/v1/heartbeat", heartbeat.json.text).code == 403)
            let bad = try await agent.post("/agent/v1/heartbeat", #"{"node":5}"#)
            #expect(bad.code == 400)
            #expect(bad.message?.contains("node") == true)
        }
    }

    @Test func `an inventory reaches its handler, and only under the node's own name`() async throws {
        try await withServer { test async throws in
            let agent = try await test.agent("a")
            let held = HeldReport(
                uid: SliceUID("uid"), namespace: "lab", name: "s", member: nil,
                grant: Kinds.Grant(
                    node: "a", bootID: "b", epoch: 4, token: 9, sliceUID: "uid", shares: [], policy: .keep),
                phase: .running)
            var inventory = Inventory(
                node: NodeID("a"), bootID: BootID("b"), machineID: "m", agentStart: "s", highestEpoch: Epoch(4),
                held: [held])
            let answer = try await agent.post("/agent/v1/inventory", inventory.json.text)
            #expect(answer.code == 200)
            let reply = try InventoryReply(json: answer.json)
            #expect(reply.stop == [.init(uid: SliceUID("uid"), epoch: Epoch(4), reason: "Test")] && !reply.isSettled)
            inventory.node = NodeID("b")
            #expect(try await agent.post("/agent/v1/inventory", inventory.json.text).code == 403)
            #expect(try await test.admin.post("/agent/v1/inventory", inventory.json.text).code == 403)
            #expect(try await agent.get("/agent/v1/inventory").code == 405)
            let bad = try await agent.post("/agent/v1/inventory", #"{"node":"a"}"#)
            #expect(bad.code == 400 && bad.message?.contains("inventory") == true)
        }
    }

    @Test func `a log travels from the agent's body to the client`() async throws {
        try await withServer { test async throws in
            try await startTask(test, on: "a")
            let agent = try await test.agent("a")
            var lines = Lines(try await agent.stream(.GET, "/agent/v1/tunnel"))
            let last = try await lines.next()
            #expect(last == [:])
            async let log = test.admin.get(Path.tasks + "/t/log?follow=true&tailLines=5")
            let open = try TunnelOpen(json: try #require(try await lines.next()))
            #expect(open.task == "t" && open.namespace == "default" && open.follow && open.tailLines == 5)
            let chunks = AsyncStream<ByteBuffer> { stream in
                for text in ["one\n", "two\n", "three\n"] { stream.yield(ByteBuffer(string: text)) }
                stream.finish()
            }
            let sent = try await agent.send(
                .POST, "/agent/v1/tunnel/\(open.id)", body: .stream(chunks, length: .unknown))
            #expect(sent.code == 200)
            let answer = try await log
            #expect(answer.code == 200)
            #expect(answer.text == "one\ntwo\nthree\n")
            #expect(answer.headers.first(name: "Content-Type")?.hasPrefix("text/plain") == true)
        }
    }

    @Test func `a client that leaves ends the agent's request`() async throws {
        try await withServer { test async throws in
            try await startTask(test, on: "a")
            let agent = try await test.agent("a")
            var lines = Lines(try await agent.stream(.GET, "/agent/v1/tunnel"))
            _ = try await lines.next()
            let reader = try await test.client("reader", groups: [Peer.mastersGroup])
            // A log without an end, sent as fast as it is taken.
            let endless = AsyncStream<ByteBuffer>(unfolding: {
                ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10)
            })
            async let log = reader.stream(.GET, Path.tasks + "/t/log?follow=true")
            let open = try TunnelOpen(json: try #require(try await lines.next()))
            async let sending = agent.send(
                .POST, "/agent/v1/tunnel/\(open.id)", body: .stream(endless, length: .unknown))
            var body = try await log.body.makeAsyncIterator()
            #expect(try await body.next() != nil)
            #expect(await test.server.connections.close { $0.user == "reader" } == 1)
            // The agent is answered, or its connection cut, although its body goes on.
            let outcome = try? await sending
            #expect(outcome == nil || outcome?.json["done"] == false)
        }
    }

    @Test func `a log of a node that is not connected is unavailable, of a task without a node a bad request`()
        async throws
    {
        try await withServer { test async throws in
            #expect(try await test.admin.post(Path.tasks, task).code == 201)
            #expect(try await test.admin.get(Path.tasks + "/t/log").code == 400)
            _ = try await test.admin.patch(Path.tasks + "/t/status", #"{"status":{"node":"a"}}"#)
            let answer = try await test.admin.get(Path.tasks + "/t/log")
            #expect(answer.code == 503)
            #expect(answer.message?.contains("\"a\"") == true)
            #expect(try await test.admin.get(Path.tasks + "/missing/log").code == 404)
        }
    }

    @Test func `an agent cannot answer for another, nor a request that nobody made`() async throws {
        try await withServer { test async throws in
            let agent = try await test.agent("a")
            let answer = try await agent.post("/agent/v1/tunnel/unknown", "x")
            #expect(answer.code == 404)
        }
    }

    @Test func `leases of nodes are rendered when read`() async throws {
        struct Source: NodeLeaseSource {
            func nodeLeases() async -> [Kinds.Lease] {
                [
                    Kinds.Lease(
                        metadata: ObjectMeta(name: "a", namespace: "tidemill-node-lease"),
                        spec: .init(holderIdentity: "a"))
                ]
            }
        }
        try await withServer(leases: Source()) { test async throws in
            let path = "/apis/coordination.k8s.io/v1/namespaces/tidemill-node-lease/leases"
            #expect(names(try await test.admin.get(path).json) == ["a"])
            #expect(try await test.admin.get(path + "/a").json.at(["spec", "holderIdentity"]) == "a")
            #expect(try await test.admin.get(path + "/b").code == 404)
            #expect(try await test.admin.post(path, "{}").code == 405)
            #expect(try await test.admin.get(path, accept: tableAccept).json.at(["rows", "0", "cells", "0"]) == "a")
        }
    }
}
