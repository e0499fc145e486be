import Testing
import TidemillLease
import TidemillModel
import TidemillReconcilers
import TidemillSeams

@Suite struct NodePlanTests {
    let now = Timestamp(seconds: 1000)

    func node(_ state: Kinds.NodeState?) throws -> Kinds.Node {
        let amounts = Kinds.ResourceAmounts(cpu: try Quantity(parsing: "4"), memory: try Quantity(parsing: "8Gi"))
        return Kinds.Node(
            metadata: ObjectMeta(name: "a", resourceVersion: "3", finalizers: [NodePlan.slicesFinalizer]),
            spec: Kinds.NodeSpec(),
            status: Kinds.NodeStatus(state: state, allocatable: amounts, bootID: "boot"))
    }

    func slice(_ state: Kinds.SliceState, _ policy: Kinds.DisconnectPolicy = .stop) -> Kinds.Slice {
        Kinds.Slice(
            metadata: ObjectMeta(name: "s", namespace: "lab", uid: "uid-s", resourceVersion: "4"),
            spec: Kinds.SliceSpec(request: Kinds.SliceRequest(), onDisconnect: Kinds.OnDisconnect(policy: policy)),
            status: Kinds.SliceStatus(
                state: state,
                grant: Kinds.Grant(
                    node: "a", bootID: "boot", epoch: 1, token: 50, sliceUID: "uid-s", shares: [], policy: policy,
                    after: policy == .stop ? APIDuration(.seconds(10)) : nil)))
    }

    func task(_ state: Kinds.TaskState) -> Kinds.Task {
        Kinds.Task(
            metadata: ObjectMeta(name: "s", namespace: "lab", resourceVersion: "5"),
            spec: Kinds.TaskSpec(slice: "s", template: Kinds.TaskTemplate(command: ["true"])),
            status: Kinds.TaskStatus(state: state, token: 50))
    }

    func plan(
        _ nodes: [Kinds.Node], _ slices: [Kinds.Slice] = [], _ tasks: [Kinds.Task] = [],
        heard: NodeLiveness.State = .ready,
        standing: NodeStanding? = nil, lost: Set<SliceUID> = [], halt: GrantPermission.Hold? = nil
    ) -> String {
        NodePlan.plan(
            NodeObservation(
                nodes: nodes, granted: slices,
                tasks: Dictionary(uniqueKeysWithValues: tasks.map { ("lab/\($0.metadata.name)", $0) }),
                standings: [NodeID("a"): standing ?? NodeStanding(heard)], lost: lost, halt: halt, now: now)
        ).description
    }

    @Test(arguments: [
        (NodeLiveness.State.initializing, "set Node a Initializing"), (.ready, "set Node a Ready"),
        (.suspect, "set Node a Suspect"), (.disconnected, "set Node a Disconnected"),
    ])
    func `a node is what it is heard as`(_ heard: NodeLiveness.State, _ text: String) throws {
        #expect(plan([try node(nil)], heard: heard) == text)
    }

    @Test(arguments: [
        (NodeLiveness.State.ready, "drain", true, "Draining"), (.ready, "drain", false, "Cordoned"),
        (.ready, "maintenance", true, "Draining"), (.ready, "maintenance", false, "Maintenance"),
        (.ready, "unschedulable", true, "Cordoned"), (.suspect, "drain", true, "Suspect"),
        (.disconnected, "maintenance", true, "Disconnected"), (.disconnected, "maintenance", false, "Maintenance"),
        (.initializing, "drain", false, "Initializing"), (.disconnected, "unschedulable", false, "Disconnected"),
    ])
    func `what operators declare shows where silence does not`(
        _ heard: NodeLiveness.State, _ declared: String, _ isHolding: Bool, _ state: String
    ) throws {
        var node = try node(nil)
        node.spec.unschedulable = declared == "unschedulable"
        node.spec.maintenance = declared == "maintenance"
        if declared == "drain" { node.spec.drain = Kinds.Drain(startedAt: now) }
        let text = plan([node], isHolding ? [slice(.active)] : [], heard: heard)
        #expect(text.split(separator: "\n").first == "set Node a \(state)")
    }

    func written(_ node: Kinds.Node, _ standing: NodeStanding) -> Kinds.Node? {
        let plan = NodePlan.plan(
            NodeObservation(
                nodes: [node], granted: [], tasks: [:], standings: [NodeID("a"): standing], now: now))
        return plan.transactions.first?.changes.first?.object as? Kinds.Node
    }

    @Test func `drains and NoExecute taints get the time from which they count, once`() throws {
        var node = try node(.ready)
        node.spec.drain = Kinds.Drain()
        node.spec.taints = [
            Kinds.Taint(key: "new", effect: .noExecute),
            Kinds.Taint(key: "old", effect: .noExecute, timeAdded: Timestamp(seconds: 7)),
            Kinds.Taint(key: "mild", effect: .noSchedule),
        ]
        let first = try #require(written(node, NodeStanding(.ready)))
        #expect(first.spec.drain?.startedAt == now)
        #expect(first.spec.taints.map(\.timeAdded) == [now, Timestamp(seconds: 7), nil])
        #expect(written(first, NodeStanding(.ready)) == nil)
    }

    @Test func `a node is kept from its first report until nothing is granted on it`() throws {
        var node = try node(.ready)
        node.metadata.finalizers = []
        #expect(plan([node], heard: .ready) == "update Node a Ready: tidemill.dev/slices")
        node.metadata.finalizers = [NodePlan.slicesFinalizer, "example.org/mine"]
        node.metadata.deletionTimestamp = now
        #expect(plan([node], [slice(.active)], heard: .ready) == "set Node a Ready")
        #expect(plan([node], heard: .ready) == "update Node a Ready: example.org/mine")
    }

    // MARK: The controller itself

    let suspect = GrantPermission.Hold(reason: "ControllerSuspect", message: "3 of 5 nodes fell silent.")

    @Test func `a silence that is not believed is told on the silent nodes, with an event`() throws {
        let seen = NodeObservation(
            nodes: [try node(.suspect)], granted: [], tasks: [:],
            standings: [NodeID("a"): NodeStanding(.disconnected, suspicion: suspect)], now: now)
        let transaction = try #require(NodePlan.plan(seen).transactions.first)
        let ready = (transaction.changes.first?.object as? Kinds.Node)?.status.conditions.first { $0.type == "Ready" }
        #expect(ready?.status == .unknown && ready?.reason == "ControllerSuspect")
        #expect(ready?.message == suspect.message)
        #expect(transaction.events.map(\.reason) == ["NodeDisconnected", "ControllerSuspect"])
    }

    @Test func `a silent node says what becomes of its work, and how to give it up`() throws {
        func ready(_ granted: [Kinds.Slice]) throws -> String {
            let seen = NodeObservation(
                nodes: [try node(.suspect)], granted: granted, tasks: [:],
                standings: [NodeID("a"): NodeStanding(.disconnected)], now: now)
            let nodes = NodePlan.plan(seen).transactions.flatMap(\.changes).compactMap { $0.object as? Kinds.Node }
            return nodes.first?.status.conditions.first { $0.type == "Ready" }?.message ?? ""
        }
        #expect(try ready([slice(.active)]).contains("`tidemill node confirm-dead a`"))
        #expect(try ready([]) == "Five heartbeats in a row did not arrive. Nothing is granted on the node.")
    }

    @Test func `a controller that has halted writes why on every node and touches nothing else`() throws {
        let halt = GrantPermission.Hold(reason: "ControllerRolledBack", message: "The store is an older copy.")
        let text = plan(
            [try node(.ready)], [slice(.active)], [task(.running)], heard: .disconnected, lost: [SliceUID("uid-s")],
            halt: halt)
        #expect(text == "set Node a Ready")
    }

    @Test func `a node that does not follow says so and is Ready all the same`() throws {
        let stall = GrantPermission.Hold(reason: "ControlPathStalled", message: "Node a has not applied revision 9.")
        let node = try #require(written(try node(.ready), NodeStanding(.ready, stall: stall)))
        #expect(node.status.state == .ready)
        #expect(node.status.conditions.map(\.type) == ["Ready", "ControlPath"])
        #expect(node.status.conditions.last?.status == .false)
        let after = try #require(written(node, NodeStanding(.ready)))
        #expect(after.status.conditions.last?.status == .true)
    }

    // MARK: Confirmed dead

    func dead(_ state: Kinds.NodeState) throws -> Kinds.Node {
        var node = try node(state)
        node.spec.confirmedDead = Kinds.ConfirmedDead(bootID: "boot")
        return node
    }

    @Test func `a node that is confirmed dead is Lost first, and then all that it held, in two steps`() throws {
        let standing = NodeStanding(.disconnected, death: .believed)
        let kept = slice(.active, .keep)
        #expect(
            plan([try dead(.disconnected)], [kept], [task(.running)], standing: standing) == "set Node a Lost")
        let lost = plan([try dead(.lost)], [kept], [task(.running)], standing: standing)
        #expect(
            lost.split(separator: "\n").suffix(2) == [
                "set Slice lab/s Lost (NodeLost)", "set Task lab/s Lost (NodeLost)",
            ])
        let released = plan([try dead(.lost)], [slice(.lost, .keep)], [task(.lost)], standing: standing)
        #expect(released.split(separator: "\n").last == "set Slice lab/s Released (NodeLost)")
        let ranOut = plan(
            [try dead(.lost)], [slice(.active)], [task(.running)], standing: standing, lost: [SliceUID("uid-s")])
        #expect(ranOut.split(separator: "\n").last == "set Task lab/s Fenced (NodeLost)")
    }

    @Test(arguments: [
        (ConfirmedDeaths.Standing.returned, "Ready", false, [] as [String]),
        (.refuted, "Ready", false, ["ConfirmedDeadIgnored"]),
        (.ignored("it names boot x"), "Ready", true, ["ConfirmedDeadIgnored"]),
    ])
    func `a word that is done or wrong is taken away, and one that is ignored says why`(
        _ death: ConfirmedDeaths.Standing, _ state: String, _ stays: Bool, _ events: [String]
    ) throws {
        let seen = NodeObservation(
            nodes: [try dead(.ready)], granted: [], tasks: [:],
            standings: [NodeID("a"): NodeStanding(.ready, death: death)], now: now)
        let transaction = try #require(NodePlan.plan(seen).transactions.first)
        let node = try #require(transaction.changes.first?.object as? Kinds.Node)
        #expect(node.status.state?.rawValue == state)
        #expect((node.spec.confirmedDead != nil) == stays)
        #expect(transaction.events.map(\.reason) == events)
        // What is told once is not told again.
        #expect(written(node, NodeStanding(.ready, death: stays ? death : nil)) == nil)
    }

    @Test func `while the store is restored nothing is said of slices`() throws {
        var seen = NodeObservation(
            nodes: [try dead(.disconnected)], granted: [slice(.lost)], tasks: [:],
            standings: [NodeID("a"): NodeStanding(.disconnected, death: .believed)], lost: [SliceUID("uid-s")], now: now
        )
        seen.isRestoring = true
        #expect(NodePlan.plan(seen).description == "set Node a Lost")
        seen.nodes[0].status.state = .lost
        seen.nodes[0].metadata.deletionTimestamp = now
        #expect(!NodePlan.plan(seen).description.contains("update"))
        #expect(!NodePlan.plan(seen).description.contains("Slice"))
    }

    // MARK: Metering

    /// Active since second 900, with half a card.
    func running(_ state: Kinds.SliceState = .active) -> Kinds.Slice {
        var slice = slice(state, .keep)
        slice.status.activeAt = Timestamp(seconds: 900)
        slice.status.grant?.shares = [Kinds.Share(device: "d", cardUnits: "1/2", isolation: .enforced)]
        return slice
    }

    func metered(
        _ slice: Kinds.Slice, _ death: ConfirmedDeaths.Standing? = nil, renewedAt seconds: Int64?,
        task: Kinds.Task? = nil
    ) throws -> String? {
        let standing = NodeStanding(
            .disconnected, death: death,
            lastRenewal: seconds.map { WallTime(nanosecondsSince1970: $0 * 1_000_000_000 + 250_000_000) })
        let seen = NodeObservation(
            nodes: [try dead(.lost)], granted: [slice], tasks: task.map { ["lab/s": $0] } ?? [:],
            standings: [NodeID("a"): standing], now: now)
        let changes = NodePlan.plan(seen).transactions.flatMap(\.changes)
        return changes.compactMap { $0.object as? Kinds.Slice }.last?.status.cardSeconds
    }

    @Test func `a silent slice is metered until the last renewal, never more than the truth`() throws {
        // From the end of second 900, since the fraction of activeAt is cut off, to 950.25, times a half.
        #expect(try metered(running(), renewedAt: 950) == "24.625")
        #expect(try metered(running(.lost), .believed, renewedAt: 950) == "24.625")
        #expect(try metered(running(), renewedAt: 899) == "0.000")
        var ended = task(.succeeded)
        ended.status.end = Kinds.TaskEnd(finishedAt: Timestamp(seconds: 911))
        #expect(try metered(running(), renewedAt: 950, task: ended) == "5.000")
    }

    @Test func `a wall clock that was set does not make a slice active for longer than the controller saw`() throws {
        let standing = NodeStanding(.disconnected, lastRenewal: WallTime(nanosecondsSince1970: 990_000_000_000))
        let seen = NodeObservation(
            nodes: [try dead(.lost)], granted: [running()], tasks: [:], standings: [NodeID("a"): standing],
            surelyActive: [SliceUID(running().metadata.uid): .seconds(7)], now: now)
        let slices = NodePlan.plan(seen).transactions.flatMap(\.changes).compactMap { $0.object as? Kinds.Slice }
        #expect(slices.last?.status.cardSeconds == "3.500")
    }

    @Test func `what was metered when the node fell silent outlives a restart of the controller`() throws {
        var marked = running(.lost)
        marked.status.cardSeconds = "24.625"
        #expect(try metered(marked, .believed, renewedAt: nil) == "24.625")
        #expect(try metered(running(.lost), .believed, renewedAt: nil) == nil)
    }

    @Test func `a node that has not reported its boot is not ready`() throws {
        var silent = try node(nil)
        silent.status.bootID = nil
        #expect(plan([silent], heard: .ready) == "set Node a Initializing")
    }

    @Test func `a state that is written already is not written again`() throws {
        var ready = try node(.ready)
        let first = NodePlan.plan(
            NodeObservation(
                nodes: [ready], granted: [], tasks: [:], standings: [NodeID("a"): NodeStanding(.ready)], now: now))
        guard case .status(let object)? = first.transactions.first?.changes.first, let written = object as? Kinds.Node
        else {
            Issue.record("the condition was not written")
            return
        }
        ready = written
        #expect(plan([ready], heard: .ready).isEmpty)
    }

    @Test func `silence marks what runs and ends nothing`() throws {
        let marked = plan([], [slice(.active), slice(.releasing, .keep)], [task(.running)], heard: .disconnected)
        #expect(marked == "set Slice lab/s Active (NodeDisconnected)\nset Slice lab/s Releasing (NodeDisconnected)")
        #expect(plan([], [slice(.active)], [task(.running)], heard: .suspect).isEmpty)
    }

    @Test func `a return takes the mark away`() throws {
        var marked = slice(.active)
        marked.status.reason = "NodeDisconnected"
        #expect(plan([], [marked], heard: .ready) == "set Slice lab/s Active")
    }

    @Test func `a slice whose time ran out is Lost together with its task`() throws {
        let uid = SliceUID("uid-s")
        #expect(
            plan([], [slice(.active)], [task(.running)], heard: .disconnected, lost: [uid])
                == "set Slice lab/s Lost (NodeDisconnected)\nset Task lab/s Fenced (NodeDisconnected)")
        #expect(
            plan([], [slice(.active)], [task(.succeeded)], heard: .disconnected, lost: [uid])
                == "set Slice lab/s Lost (NodeDisconnected)")
        #expect(plan([], [slice(.lost)], [task(.fenced)], heard: .disconnected, lost: [uid]).isEmpty)
    }
}
