import Testing
import TidemillModel
import TidemillPlacement
import TidemillSeams

@Suite struct TaintTests {
    typealias C = Cluster

    /// The node that is chosen, or why none is. `a` is tainted and would be chosen by best fit; `b` is not.
    private func choice(
        _ taint: Kinds.Taint, _ tolerations: [Kinds.Toleration], alone: Bool = false
    ) throws -> String {
        let nodes = [
            C.node("a", taints: [taint], [C.cpu("a-cpu0", milliCPU: 1000, mebibytes: 1024)]),
            C.node("b", [C.cpu("b-cpu0", milliCPU: 8000, mebibytes: 8192)]),
        ]
        var placement = Placement(C.snapshot(alone ? [nodes[0]] : nodes))
        switch placement.decide(C.gang(try C.request(cpu: "1", memory: "1Gi"), tolerations: tolerations)) {
        case .place(let members): return members.map(\.node.rawValue).joined()
        case .pending(let cause): return "\(cause.reason.rawValue): \(cause.message)"
        }
    }

    private static let exists = Kinds.Toleration(key: "t", operator: .exists)
    private static let aMinute = Kinds.Toleration(
        key: "t", operator: .exists, effect: .noExecute, tolerationSeconds: 60)
    private static let other = Kinds.Toleration(key: "other", operator: .exists)

    @Test(
        arguments: [
            (.noSchedule, [other], "b"), (.noSchedule, [exists], "a"), (.noExecute, [], "b"),
            (.noExecute, [exists], "a"), (.preferNoSchedule, [], "b"), (.preferNoSchedule, [exists], "a"),
            // Borne for a time only: elsewhere first.
            (.noExecute, [aMinute], "b"),
        ] as [(Kinds.TaintEffect, [Kinds.Toleration], String)])
    func `taints keep away what does not tolerate them`(
        _ effect: Kinds.TaintEffect, _ tolerations: [Kinds.Toleration], _ node: String
    ) throws {
        #expect(try choice(Kinds.Taint(key: "t", effect: effect), tolerations) == node)
    }

    @Test(
        arguments: [(.noExecute, [aMinute]), (.preferNoSchedule, [])] as [(Kinds.TaintEffect, [Kinds.Toleration])])
    func `what is only avoided is taken when there is nothing else`(
        _ effect: Kinds.TaintEffect, _ tolerations: [Kinds.Toleration]
    ) throws {
        #expect(try choice(Kinds.Taint(key: "t", effect: effect), tolerations, alone: true) == "a")
    }

    @Test(arguments: [Kinds.TaintEffect.noSchedule, .noExecute])
    func `a taint that is not tolerated is counted and named`(_ effect: Kinds.TaintEffect) throws {
        #expect(
            try choice(Kinds.Taint(key: "t", value: "x", effect: effect), [Self.other], alone: true)
                == "InsufficientDevices: 0/1 nodes: 1 tainted t. Tolerate the taint t, or remove it from a.")
    }

    @Test func `of two taints the one that is not tolerated is named`() throws {
        let taints = [Kinds.Taint(key: "t", effect: .noSchedule), Kinds.Taint(key: "u", effect: .noSchedule)]
        var placement = Placement(
            C.snapshot([C.node("a", taints: taints, [C.cpu("a-cpu0", milliCPU: 1000, mebibytes: 1024)])]))
        let gang = C.gang(try C.request(cpu: "1", memory: "1Gi"), tolerations: [Self.exists])
        #expect(placement.decide(gang).text.contains("1 tainted u."))
    }

    @Test(
        arguments: [
            (.ready, true, nil, .maintenance), (.ready, false, Kinds.Drain(), .draining),
            (.disconnected, true, nil, .disconnected), (.ready, false, nil, .ready),
        ] as [(Kinds.NodeState, Bool, Kinds.Drain?, Kinds.NodeState)])
    func `what was just declared counts before the controller has seen it`(
        _ state: Kinds.NodeState, _ maintenance: Bool, _ drain: Kinds.Drain?, _ seen: Kinds.NodeState
    ) {
        let node = Kinds.Node(
            metadata: ObjectMeta(name: "a"), spec: Kinds.NodeSpec(drain: drain, maintenance: maintenance),
            status: Kinds.NodeStatus(state: state))
        #expect(NodeSnapshot(node, devices: [], classes: [], held: [:]).state == seen)
    }
}
