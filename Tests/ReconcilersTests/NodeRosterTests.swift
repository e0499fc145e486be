import Testing
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillWire

@Suite struct NodeRosterTests {
    func heartbeat(machine: String = "m", boot: String = "b1", agent: String = "p1") -> Heartbeat {
        Heartbeat(
            node: NodeID("a"), bootID: BootID(boot), machineID: machine, agentStart: agent, sentAt: 0,
            appliedRevision: 0)
    }

    func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    func isAccepted(_ result: Result<Bool, NodeIdentities.Refusal>) -> Bool {
        if case .success = result { true } else { false }
    }

    /// Ticks as often as the roster wants, so that no tick counts as late.
    func pass(_ roster: inout NodeRoster, from start: Int64, to end: Int64) {
        for time in stride(from: start, through: end, by: 500) { _ = roster.tick(at: at(time)) }
    }

    @Test func `another machine never takes a known name`() {
        var roster = NodeRoster()
        let accepted1 = isAccepted(roster.hear(heartbeat(), at: at(0)))
        #expect(accepted1)
        let accepted2 = isAccepted(roster.hear(heartbeat(machine: "other"), at: at(100)))
        #expect(!accepted2)
        pass(&roster, from: 0, to: 60_000)
        let accepted3 = isAccepted(roster.hear(heartbeat(machine: "other"), at: at(60_000)))
        #expect(!accepted3)
    }

    @Test func `a restarted agent takes over and the one it replaced is refused`() {
        var roster = NodeRoster()
        let accepted4 = isAccepted(roster.hear(heartbeat(agent: "p1"), at: at(0)))
        #expect(accepted4)
        let accepted5 = isAccepted(roster.hear(heartbeat(agent: "p2"), at: at(100)))
        #expect(accepted5)
        let accepted6 = isAccepted(roster.hear(heartbeat(agent: "p1"), at: at(200)))
        #expect(!accepted6)
        let accepted7 = isAccepted(roster.hear(heartbeat(agent: "p2"), at: at(300)))
        #expect(accepted7)
    }

    @Test func `another boot is believed once the last one is silent`() {
        var roster = NodeRoster()
        let accepted8 = isAccepted(roster.hear(heartbeat(boot: "b1"), at: at(0)))
        #expect(accepted8)
        let accepted9 = isAccepted(roster.hear(heartbeat(boot: "b2", agent: "p2"), at: at(1000)))
        #expect(!accepted9)
        pass(&roster, from: 0, to: 11_000)
        #expect(roster.states[NodeID("a")] == .disconnected)
        let accepted10 = isAccepted(roster.hear(heartbeat(boot: "b2", agent: "p2"), at: at(11_000)))
        #expect(accepted10)
    }

    @Test func `an urgent grant waits until the node renews often enough`() {
        var roster = NodeRoster()
        let agreed11 = roster.agree(after: .seconds(3), on: NodeID("a"), at: at(0))
        #expect(!agreed11)
        _ = roster.hear(heartbeat(), at: at(0))
        let agreed12 = roster.agree(after: .seconds(60), on: NodeID("a"), at: at(1))
        #expect(agreed12)
        let agreed13 = roster.agree(after: .seconds(3), on: NodeID("a"), at: at(2))
        #expect(!agreed13)
        #expect(roster.interval(of: NodeID("a")) == .milliseconds(500))
        _ = roster.hear(heartbeat(), at: at(2000))
        let agreed14 = roster.agree(after: .seconds(3), on: NodeID("a"), at: at(2001))
        #expect(!agreed14)
        _ = roster.hear(heartbeat(), at: at(2500))
        let agreed15 = roster.agree(after: .seconds(3), on: NodeID("a"), at: at(2501))
        #expect(agreed15)
    }

    func slice(_ uid: String, _ policy: Kinds.DisconnectPolicy) -> Kinds.Slice {
        Kinds.Slice(
            metadata: ObjectMeta(name: uid, namespace: "lab", uid: uid),
            spec: Kinds.SliceSpec(request: Kinds.SliceRequest(), onDisconnect: Kinds.OnDisconnect(policy: policy)),
            status: Kinds.SliceStatus(
                state: .active,
                grant: Kinds.Grant(
                    node: "a", bootID: "b1", epoch: 1, token: 1, sliceUID: uid, shares: [], policy: policy,
                    after: policy == .stop ? APIDuration(.seconds(20)) : nil)))
    }

    @Test(arguments: [false, true])
    func `a stop slice runs out though its Node was deleted, and the name is free then`(restarted: Bool) {
        let node = Kinds.Node(metadata: ObjectMeta(name: "a"), spec: Kinds.NodeSpec())
        var granted = [slice("stops", .stop), slice("keeps", .keep)]
        var roster = NodeRoster()
        if !restarted {
            _ = roster.hear(heartbeat(), at: at(0))
            roster.learn(nodes: [node], granted: granted, at: at(0))
        }
        roster.learn(nodes: [], granted: granted, at: at(500))
        roster.forgetDeleted(existing: [])
        pass(&roster, from: 0, to: 40_000)
        #expect(roster.lost == [SliceUID("stops")])
        granted[0].status.state = .lost
        roster.learn(nodes: [], granted: granted, at: at(40_000))
        roster.forgetDeleted(existing: [])
        #expect(roster.lost.isEmpty)
        #expect(roster.states.isEmpty)
    }

    @Test func `a stop slice runs out after its own time and a kept one never`() {
        let node = Kinds.Node(metadata: ObjectMeta(name: "a"), spec: Kinds.NodeSpec())
        let granted = [slice("stops", .stop), slice("keeps", .keep)]
        var roster = NodeRoster()
        _ = roster.hear(heartbeat(), at: at(0))
        roster.learn(nodes: [node], granted: granted, at: at(0))
        pass(&roster, from: 0, to: 19_500)
        #expect(roster.lost.isEmpty)
        pass(&roster, from: 20_000, to: 90_000)
        #expect(roster.lost == [SliceUID("stops")])
        // Once the store says Lost, there is nothing left to write.
        var written = granted
        written[0].status.state = .lost
        roster.learn(nodes: [node], granted: written, at: at(90_000))
        #expect(roster.lost.isEmpty)
    }
}
