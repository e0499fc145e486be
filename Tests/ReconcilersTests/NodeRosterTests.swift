import Testing
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams
import TidemillWire

@Suite struct NodeRosterTests {
    func heartbeat(
        machine: String = "m", boot: String = "b1", agent: String = "p1", follows previous: String? = nil,
        seen revision: Int64? = nil, applied: Int64 = 0
    ) -> Heartbeat {
        Heartbeat(
            node: NodeID("a"), bootID: BootID(boot), machineID: machine,
            incarnation: revision.map { _ in IncarnationID("i") }, startID: revision.map { _ in StartID("s1") },
            lastRevision: revision, agentStart: agent, previousStart: previous, sentAt: 0, appliedRevision: applied)
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
        let accepted5 = isAccepted(roster.hear(heartbeat(agent: "p2", follows: "p1"), at: at(100)))
        #expect(accepted5)
        let accepted6 = isAccepted(roster.hear(heartbeat(agent: "p1"), at: at(200)))
        #expect(!accepted6)
        let accepted7 = isAccepted(roster.hear(heartbeat(agent: "p2"), at: at(300)))
        #expect(accepted7)
    }

    @Test func `an agent that does not follow the last one waits until that one is silent`() {
        var roster = NodeRoster()
        let first = isAccepted(roster.hear(heartbeat(agent: "p1"), at: at(0)))
        let stranger = isAccepted(roster.hear(heartbeat(agent: "p9"), at: at(100)))
        let successor = isAccepted(roster.hear(heartbeat(agent: "p3", follows: "p2"), at: at(200)))
        #expect(first && !stranger && !successor)
        pass(&roster, from: 0, to: 9_500)
        let early = isAccepted(roster.hear(heartbeat(agent: "p9"), at: at(9_500)))
        #expect(!early)
        pass(&roster, from: 10_000, to: 10_000)
        let late = isAccepted(roster.hear(heartbeat(agent: "p9"), at: at(10_100)))
        let replaced = isAccepted(roster.hear(heartbeat(agent: "p1"), at: at(10_200)))
        #expect(late && !replaced)
        // For ever: not even when nobody else is there.
        pass(&roster, from: 10_500, to: 30_000)
        let ghost = isAccepted(roster.hear(heartbeat(agent: "p1"), at: at(30_100)))
        #expect(!ghost)
    }

    @Test func `after a restart another boot is believed only when the stored one is silent`() {
        var roster = NodeRoster()
        roster.learn(nodes: [node(.ready)], granted: [], at: at(0))
        let early = isAccepted(roster.hear(heartbeat(boot: "b2"), at: at(100)))
        pass(&roster, from: 0, to: 10_000)
        let late = isAccepted(roster.hear(heartbeat(boot: "b2"), at: at(10_100)))
        #expect(!early && late)
    }

    func node(_ state: Kinds.NodeState?, change: (inout Kinds.Node) -> Void = { _ in }) -> Kinds.Node {
        var node = Kinds.Node(
            metadata: ObjectMeta(name: "a"), spec: Kinds.NodeSpec(),
            status: Kinds.NodeStatus(state: state, bootID: "b1", machineID: "m"))
        change(&node)
        return node
    }

    // MARK: A fresh controller

    @Test(arguments: [
        (Kinds.NodeState?.none, NodeLiveness.State.initializing, false), (.initializing, .initializing, false),
        (.ready, .ready, true), (.suspect, .ready, true), (.draining, .ready, true), (.cordoned, .ready, true),
        (.disconnected, .disconnected, false), (.lost, .disconnected, false), (.maintenance, .disconnected, false),
    ])
    func `a started controller takes nodes for what they were, and waits for those that were up`(
        _ stored: Kinds.NodeState?, _ state: NodeLiveness.State, _ waits: Bool
    ) {
        var roster = NodeRoster()
        #expect(roster.permission(at: at(0)).everything?.reason == "ControllerStarted")
        roster.learn(nodes: [node(stored)], granted: [], at: at(0))
        #expect(roster.states[NodeID("a")] == state)
        #expect((roster.permission(at: at(0)).everything != nil) == waits)
        _ = roster.hear(heartbeat(), at: at(100))
        #expect(roster.permission(at: at(100)) == .open)
    }

    // MARK: Rollback

    var older: NodeRoster {
        NodeRoster(
            rollback: RollbackCheck(
                incarnation: IncarnationID("i"), ancestors: [],
                starts: [.init(id: StartID("s1"), firstRevision: Revision(2))]))
    }

    @Test func `a store that is older than what an agent saw halts the controller for good`() {
        var roster = older
        roster.learn(nodes: [node(.ready)], granted: [slice("stops", .stop)], at: at(0))
        let known = isAccepted(roster.hear(heartbeat(seen: 40), current: Revision(40), at: at(0)))
        #expect(known && roster.halt == nil)
        let unknown = isAccepted(roster.hear(heartbeat(seen: 41), current: Revision(40), at: at(1)))
        let later = isAccepted(roster.hear(heartbeat(seen: 40), current: Revision(90), at: at(2)))
        #expect(!unknown && !later)
        #expect(roster.permission(at: at(3)).everything?.reason == "ControllerRolledBack")
        pass(&roster, from: 0, to: 90_000)
        #expect(roster.lost.isEmpty)
    }

    // MARK: Confirmed dead

    func inventory(machine: String = "m", boot: String = "b1", _ phases: [HeldReport.Phase]) -> Inventory {
        Inventory(
            node: NodeID("a"), bootID: BootID(boot), machineID: machine, agentStart: "p1", highestEpoch: Epoch(1),
            held: phases.map { phase in
                let slice = slice("s", .keep)
                return HeldReport(
                    uid: SliceUID("s"), namespace: "lab", name: "s", member: nil,
                    grant: slice.status.grant
                        ?? Kinds.Grant(
                            node: "a", bootID: "b1", epoch: 1, token: 1, sliceUID: "s", shares: [], policy: .keep),
                    phase: phase)
            })
    }

    func confirm(_ boot: String) -> (inout Kinds.Node) -> Void {
        { $0.spec.confirmedDead = Kinds.ConfirmedDead(bootID: boot) }
    }

    func death(_ roster: NodeRoster) -> ConfirmedDeaths.Standing? {
        roster.standings(at: at(0), wall: WallTime(nanosecondsSince1970: 0))[NodeID("a")]?.death
    }

    @Test func `a node that is heard is not dead, whoever says so`() {
        var roster = NodeRoster()
        roster.learn(nodes: [node(.ready)], granted: [], at: at(0))
        _ = roster.hear(heartbeat(), at: at(100))
        roster.learn(nodes: [node(.ready, change: confirm("b1"))], granted: [], at: at(200))
        #expect(death(roster) == .refuted)
        let accepted = isAccepted(roster.hear(heartbeat(), at: at(300)))
        #expect(accepted)
    }

    @Test func `the word counts once the node is Disconnected, and for the boot that it names`() {
        var roster = NodeRoster()
        roster.learn(nodes: [node(.ready, change: confirm("b1"))], granted: [], at: at(0))
        if case .ignored = death(roster) {} else { Issue.record("a node that counts as heard was believed dead") }
        pass(&roster, from: 0, to: 10_000)
        roster.learn(nodes: [node(.ready, change: confirm("b0"))], granted: [], at: at(10_000))
        if case .ignored = death(roster) {} else { Issue.record("another boot was believed dead") }
        roster.learn(nodes: [node(.ready, change: confirm("b1"))], granted: [], at: at(10_000))
        #expect(death(roster) == .believed)
        #expect(roster.wantsInventory(NodeID("a")))
    }

    @Test(arguments: [("unknown", true), ("b1", false)])
    func `a node that never reported a boot is dead by the word unknown`(_ word: String, _ isBelieved: Bool) {
        var roster = NodeRoster()
        let fresh = node(nil) {
            $0.status.bootID = nil
            $0.spec.confirmedDead = Kinds.ConfirmedDead(bootID: word)
        }
        roster.learn(nodes: [fresh], granted: [], at: at(0))
        #expect((death(roster) == .believed) == isBelieved)
    }

    @Test(arguments: [("m", "b1"), ("m", "b2"), ("other", "b7")])
    func `a dead node is accepted once its agent has shown that it holds nothing`(_ machine: String, _ boot: String) {
        var roster = NodeRoster()
        roster.learn(nodes: [node(.disconnected, change: confirm("b1"))], granted: [], at: at(0))
        let heartbeat = heartbeat(machine: machine, boot: boot, agent: "p2")
        guard case .failure(let refusal) = roster.hear(heartbeat, at: at(100)) else {
            Issue.record("a Lost node was accepted")
            return
        }
        #expect(refusal.reason == "NodeLost")
        let running = roster.take(inventory(machine: machine, boot: boot, [.running, .ended, .ending]))
        #expect(running.stop.count == 2 && !running.isSettled)
        let early = isAccepted(roster.hear(heartbeat, at: at(200)))
        #expect(!early)
        let nothing = roster.take(inventory(machine: machine, boot: boot, [.ended]))
        #expect(nothing.stop.isEmpty && nothing.isSettled)
        // The boot that showed it, and no other.
        let stranger = isAccepted(roster.hear(self.heartbeat(machine: machine, boot: "b9"), at: at(250)))
        let back = isAccepted(roster.hear(heartbeat, at: at(300)))
        #expect(!stranger && back)
        roster.learn(nodes: [node(.lost, change: confirm("b1"))], granted: [], at: at(400))
        #expect(death(roster) == .returned)
        #expect(!roster.wantsInventory(NodeID("a")))
        roster.learn(nodes: [node(.ready)], granted: [], at: at(500))
        #expect(death(roster) == nil)
    }

    @Test func `a boot that died before it was accepted does not keep the next one out`() {
        var roster = NodeRoster()
        roster.learn(nodes: [node(.disconnected, change: confirm("b1"))], granted: [], at: at(0))
        _ = roster.take(inventory(machine: "m", boot: "b2", []))
        let third = heartbeat(boot: "b3", agent: "p3")
        let early = isAccepted(roster.hear(third, at: at(100)))
        #expect(!early)
        #expect(roster.wantsInventory(NodeID("a")))
        let holding = roster.take(inventory(machine: "m", boot: "b3", [.running]))
        #expect(holding.stop.count == 1 && !holding.isSettled)
        let empty = roster.take(inventory(machine: "m", boot: "b3", []))
        #expect(empty.isSettled)
        let back = isAccepted(roster.hear(third, at: at(200)))
        #expect(back)
    }

    @Test func `a started controller still believes the word on a node that it finds Lost`() {
        var roster = NodeRoster()
        roster.learn(nodes: [node(.lost, change: confirm("b1"))], granted: [], at: at(0))
        let accepted = isAccepted(roster.hear(heartbeat(), at: at(1)))
        #expect(!accepted)
    }

    // MARK: What is granted

    @Test func `a node that does not follow gets no new grants until it does`() {
        var roster = NodeRoster()
        roster.learn(nodes: [node(.ready)], granted: [], written: [NodeID("a"): Revision(9)], at: at(0))
        for second in Int64(0)...10 { _ = roster.hear(heartbeat(applied: 8), at: at(second * 1_000)) }
        #expect(roster.permission(at: at(10_000)).nodes[NodeID("a")]?.reason == "ControlPathStalled")
        _ = roster.hear(heartbeat(applied: 9), at: at(10_001))
        #expect(roster.permission(at: at(10_001)) == .open)
    }

    @Test func `a controller that suspects itself replaces nothing and loses nothing`() {
        var roster = NodeRoster()
        let names = ["a", "b", "c"]
        let nodes = names.map { name in node(.ready) { $0.metadata.name = name } }
        roster.learn(nodes: nodes, granted: [slice("stops", .stop)], at: at(0))
        pass(&roster, from: 0, to: 60_000)
        #expect(roster.lost.isEmpty)
        let permission = roster.permission(at: at(60_000))
        #expect(permission.everything == nil && permission.replacements?.reason == "ControllerSuspect")
        let standings = roster.standings(at: at(60_000), wall: WallTime(nanosecondsSince1970: 0))
        #expect(standings.values.allSatisfy { $0.suspicion?.reason == "ControllerSuspect" })
        _ = roster.hear(
            Heartbeat(
                node: NodeID("b"), bootID: BootID("b1"), machineID: "m", agentStart: "p", sentAt: 0,
                appliedRevision: 0), at: at(60_100))
        pass(&roster, from: 60_500, to: 60_500)
        #expect(roster.lost == [SliceUID("stops")])
        #expect(roster.permission(at: at(60_500)).replacements == nil)
    }

    @Test func `what ran out a moment before and is not written yet waits for the thaw too`() {
        var roster = NodeRoster()
        let nodes = ["a", "b", "c"].map { name in node(.ready) { $0.metadata.name = name } }
        func hear(_ name: String, _ time: Int64) {
            _ = roster.hear(
                Heartbeat(
                    node: NodeID(name), bootID: BootID("b1"), machineID: "m", agentStart: "p", sentAt: 0,
                    appliedRevision: 0), at: at(time))
        }
        roster.learn(nodes: nodes, granted: [slice("stops", .stop)], at: at(0))
        pass(&roster, from: 0, to: 7_500)
        for name in ["b", "c"] { hear(name, 7_600) }
        pass(&roster, from: 8_000, to: 14_500)
        for name in ["b", "c"] { hear(name, 14_600) }
        pass(&roster, from: 15_000, to: 24_500)
        #expect(roster.lost == [SliceUID("stops")])
        pass(&roster, from: 25_000, to: 25_000)
        #expect(roster.suspicion != nil && roster.lost.isEmpty)
        hear("b", 25_100)
        roster.learn(nodes: nodes, granted: [slice("stops", .stop)], at: at(25_200))
        pass(&roster, from: 25_500, to: 25_500)
        #expect(roster.suspicion == nil && roster.lost == [SliceUID("stops")])
    }

    // MARK: Another boot

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
