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
