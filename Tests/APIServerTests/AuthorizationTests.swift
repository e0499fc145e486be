import NIOCore
import Testing
import TidemillWire

@Suite struct AuthorizationTests {
    @Test func `who is in no group may read about the server and nothing else`() async throws {
        try await withServer { test async throws in
            let tom = try await test.client("tom", groups: ["staff"])
            #expect(try await tom.get("/apis").code == 200)
            let answer = try await tom.get(Path.jobs + "/a")
            #expect(answer.code == 403)
            #expect(
                answer.message
                    == "jobs.tidemill.dev \"a\" is forbidden: User \"tom\" cannot get resource \"jobs\" in API group \"tidemill.dev\" in the namespace \"default\""
            )
            let all = try await tom.get(Path.nodes)
            #expect(
                all.message
                    == "nodes.tidemill.dev is forbidden: User \"tom\" cannot list resource \"nodes\" in API group \"tidemill.dev\" at the cluster scope"
            )
            #expect(try await tom.get("/metrics").code == 403)
            #expect(try await tom.post("/agent/v1/heartbeat", "{}").code == 403)
        }
    }

    @Test func `an agent writes what belongs to its node and not what belongs to another`() async throws {
        try await withServer { test async throws in
            let agent = try await test.agent("a")
            for order in [#""confirmedDead":{"bootID":"unknown"}"#, #""drain":{}"#, #""maintenance":true"#] {
                let node = #"{"metadata":{"name":"a"},"spec":{\#(order)}}"#
                #expect(try await agent.post(Path.nodes, node).code == 403, "\(order)")
            }
            #expect(try await agent.post(Path.nodes, nodeText("a")).code == 201)
            #expect(try await agent.post(Path.nodes, nodeText("b")).code == 403)
            #expect(try await agent.patch(Path.nodes + "/a/status", #"{"status":{"agentVersion":"1"}}"#).code == 200)
            let device = #"{"metadata":{"name":"NAME"},"spec":{}}"#
            #expect(try await agent.post(Path.devices, device.replacing("NAME", with: "a-cpu0")).code == 201)
            #expect(try await agent.post(Path.devices, device.replacing("NAME", with: "b-cpu0")).code == 403)
            _ = try await test.admin.post(Path.devices, device.replacing("NAME", with: "a-b-cpu0"))
            _ = try await test.admin.patch(Path.devices + "/a-b-cpu0/status", #"{"status":{"node":"a-b"}}"#)
            #expect(try await agent.patch(Path.devices + "/a-b-cpu0/status", #"{"status":{"node":"a"}}"#).code == 403)
            #expect(try await agent.post(Path.jobs, jobText("x")).code == 403)
            // What the operator declares of a node is not the node's to change.
            let open = #"{"spec":{"unschedulable":false}}"#
            #expect(try await agent.patch(Path.nodes + "/a", open).code == 403)
            #expect(try await agent.patch(Path.devices + "/a-cpu0", open).code == 403)
            #expect(try await agent.delete(Path.nodes + "/a").code == 403)
            #expect(try await agent.delete(Path.devices + "/a-cpu0").code == 403)
            #expect(try await agent.get(Path.group + "/jobs").code == 200)
            #expect(try await agent.get("/api/v1/namespaces").code == 403)
        }
    }

    @Test func `an agent writes the status of slices granted to its node, and never the grant`() async throws {
        try await withServer { test async throws in
            let agent = try await test.agent("a")
            let slice =
                #"{"metadata":{"name":"s"},"spec":{"request":{"cpu":"1","memory":"64Mi"},"onDisconnect":{"policy":"keep"}}}"#
            #expect(try await test.admin.post(Path.slices, slice).code == 201)
            let status = Path.slices + "/s/status"
            #expect(try await agent.patch(status, #"{"status":{"state":"Prepared"}}"#).code == 403)
            let grant = #"{"status":{"state":"Reserved","grant":\#(grantText(node: "a"))}}"#
            #expect(try await test.admin.patch(status, grant).code == 200)
            #expect(try await agent.patch(status, #"{"status":{"state":"Prepared"}}"#).code == 200)
            #expect(try await agent.patch(status, #"{"status":{"grant":{"node":"b"}}}"#).code == 403)
            #expect(try await agent.patch(status, #"{"status":{"grant":null}}"#).code == 403)
            #expect(try await agent.patch(status, #"{"status":null}"#).code == 403)
            let stored = try await test.admin.get(Path.slices + "/s").json
            let version = stored.at(["metadata", "resourceVersion"])?.string ?? ""
            let empty = #"{"metadata":{"name":"s","resourceVersion":"\#(version)"}}"#
            #expect(try await agent.put(status, empty).code == 403)
            #expect(try await agent.patch(Path.slices + "/s", #"{"metadata":{"labels":{"x":"y"}}}"#).code == 403)
            let other = try await test.agent("b")
            #expect(try await other.patch(status, #"{"status":{"state":"Released"}}"#).code == 403)
        }
    }
}

func grantText(node: String) -> String {
    #"{"node":"\#(node)","bootID":"b","epoch":1,"token":1,"sliceUID":"u","shares":[{"device":"a-cpu0","compute":"0.125","memory":"64Mi","cardUnits":"1/8"}],"policy":"keep"}"#
}
