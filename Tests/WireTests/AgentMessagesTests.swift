import Testing
import TidemillSeams

@testable import TidemillWire

@Suite("Agent messages")
struct AgentMessagesTests {
    @Test func `a heartbeat is read back as it was written`() throws {
        let first = Heartbeat(
            node: NodeID("gpu-01"), bootID: BootID("b"), machineID: "m", agentStart: "a", sentAt: .max,
            appliedRevision: 0)
        #expect(
            first.json.text
                == #"{"node":"gpu-01","bootID":"b","machineID":"m","agentStart":"a","sentAt":9223372036854775807,"appliedRevision":0}"#
        )
        #expect(try Heartbeat(json: try JSON.parse(first.json.bytes)) == first)
        let later = Heartbeat(
            node: NodeID("gpu-01"), bootID: BootID("b"), machineID: "m", incarnation: IncarnationID("i"),
            startID: StartID("s"),
            lastRevision: 9, agentStart: "a", sentAt: 5, appliedRevision: 7, hasUntoldEnds: true)
        #expect(try Heartbeat(json: try JSON.parse(later.json.bytes)) == later)
    }

    @Test func `a reply is read back as it was written`() throws {
        let refusal = HeartbeatReply(
            accepted: false, reason: "NodeIdentityChanged", message: "another machine", intervalMilliseconds: 2000,
            incarnation: IncarnationID("i"), startID: StartID("s"), revision: 4)
        #expect(try HeartbeatReply(json: try JSON.parse(refusal.json.bytes)) == refusal)
    }

    @Test func `a tunnel request is read back as it was written`() throws {
        let open = TunnelOpen(id: "1", namespace: "lab", task: "t", follow: true, tailLines: 10)
        #expect(try TunnelOpen(json: try JSON.parse(open.json.bytes)) == open)
        let short = try TunnelOpen(json: ["id": "1", "verb": "logs", "namespace": "lab", "task": "t", "later": 1])
        #expect(short == TunnelOpen(id: "1", namespace: "lab", task: "t"))
        for terminal in [nil, ExecRequest.Terminal(rows: 50, columns: 132, type: "vt100")] {
            let exec = TunnelOpen(
                id: "1", verb: TunnelOpen.Verb.exec, namespace: "lab", task: "t",
                exec: ExecRequest(command: ["sh", "-c", "echo \"ü\"\n"], terminal: terminal))
            #expect(try TunnelOpen(json: try JSON.parse(exec.json.bytes)) == exec)
        }
    }

    @Test func `what is missing or of another type is named`() {
        let missing = #expect(throws: DecodeFailure.self) { try Heartbeat(json: ["node": "n"]) }
        #expect(missing?.path == "bootID")
        let wrong = #expect(throws: DecodeFailure.self) {
            try TunnelOpen(json: ["id": "1", "verb": "logs", "namespace": "l", "task": "t", "tailLines": "ten"])
        }
        #expect(wrong?.path == "tailLines")
    }
}
