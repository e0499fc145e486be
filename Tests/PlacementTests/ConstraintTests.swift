import Testing
import TidemillModel
import TidemillPlacement
import TidemillSeams

/// Four nodes in two racks, with four CPUs each.
private func racks(_ shape: [(String, String)] = [("a", "r1"), ("b", "r1"), ("c", "r2"), ("d", "r2")]) -> [NodeSnapshot]
{
    shape.map { name, rack in
        var node = Cluster.node(name, [Cluster.cpu("\(name)-cpu0", milliCPU: 4000, mebibytes: 8192)])
        node.labels = [
            NodeLabel.hostname: name, NodeLabel.rack: rack, NodeLabel.region: rack == "r1" ? "east" : "west",
        ]
        return node
    }
}

@Suite struct ConstraintTests {
    private func decide(
        size: Int = 1, cpu: String = "1", on nodes: [NodeSnapshot] = racks(), neighbours: [Neighbour] = [],
        _ change: (inout Kinds.PlacementConstraints) -> Void
    ) throws -> Decision {
        var gang = Cluster.gang(size: size, try Cluster.request(cpu: cpu, memory: "1Gi"))
        change(&gang.constraints)
        gang.neighbours = neighbours
        var placement = Placement(Cluster.snapshot(nodes))
        return placement.decide(gang)
    }

    private func nodes(_ decision: Decision) -> [String]? {
        if case .place(let members) = decision { members.map(\.node.rawValue) } else { nil }
    }

    @Test func `a selector rules nodes out, and the reason names it`() throws {
        let west = try decide { $0.regions = Kinds.NameSet(in: ["west"]) }
        #expect(nodes(west) == ["c"])
        let nowhere = try decide {
            $0.nodeSelector = Kinds.LabelSelector(matchLabels: ["disk": "fast"])
        }
        #expect(
            nowhere.text
                == "NeverFits: No known node could hold it even when empty: 4 not selected by placement.nodeSelector. "
                + "Ask for less, relax placement.nodeSelector, or add a node that is large enough.")
    }

    @Test func `a full region says what would help elsewhere`() throws {
        var full = racks()
        for node in full.indices where full[node].labels[NodeLabel.region] == "west" {
            full[node].devices[0].held = [Cluster.held(milliCPU: 4000, mebibytes: 1024)]
        }
        let decision = try decide(on: full) { $0.regions = Kinds.NameSet(notIn: ["east"]) }
        #expect(
            decision.text
                == "InsufficientDevices: 0/4 nodes: 2 outside of placement.regions, 2 short of 1 cpu (largest free 0). "
                + "Free 1 cpu on c.")
    }

    @Test func `members are spread over racks`() throws {
        let decision = try decide(size: 4) { $0.spread = [Kinds.Spread(over: NodeLabel.rack, maxSkew: 1)] }
        #expect(nodes(decision)?.filter { $0 == "a" || $0 == "b" }.count == 2)
        let each = try decide(size: 5) { $0.spread = [Kinds.Spread(over: NodeLabel.hostname, most: 1)] }
        #expect(
            each.text
                == "NeverFits: The known nodes could hold 4 of its 5 members even when empty. "
                + "Ask for less, or add a node that is large enough.")
        let rather = try decide(size: 5) {
            $0.spread = [Kinds.Spread(over: NodeLabel.hostname, most: 1, mode: .preferred)]
        }
        #expect(Set(nodes(rather) ?? []) == ["a", "b", "c", "d"])
    }

    @Test func `a gang goes into the rack that it fills best, or waits for one`() throws {
        var nodes = racks()
        nodes[0].devices[0].held = [Cluster.held(milliCPU: 2000, mebibytes: 1024)]
        let within = Kinds.Together(within: NodeLabel.rack)
        #expect(self.nodes(try decide(size: 3, cpu: "2", on: nodes) { $0.together = [within] }) == ["a", "b", "b"])
        #expect(
            self.nodes(try decide(size: 4, cpu: "2", on: nodes) { $0.together = [within] }) == ["c", "c", "d", "d"])
        nodes[2].isCordoned = true
        #expect(
            try decide(size: 4, cpu: "2", on: nodes) { $0.together = [within] }.text
                == "InsufficientDevices: 3 of 4 members fit tidemill.dev/rack r1, which has the most room of 2; "
                + "for the next 0/2 nodes: 2 short of 2 cpu (largest free 0). Free 2 cpu on a.")
        let rather = Kinds.Together(within: NodeLabel.rack, mode: .preferred)
        #expect(
            self.nodes(try decide(size: 4, cpu: "2", on: nodes) { $0.together = [rather] }) == ["a", "b", "b", "d"])
    }

    @Test func `jobs are joined and avoided by rack`() throws {
        func neighbour(_ source: Neighbour.Source, required: Bool = true) -> Neighbour {
            Neighbour(source: source, isRequired: required, within: NodeLabel.rack, nodes: [NodeID("c")])
        }
        #expect(nodes(try decide(neighbours: [neighbour(.affinity)]) { _ in }) == ["c"])
        #expect(nodes(try decide(neighbours: [neighbour(.antiAffinity)]) { _ in }) == ["a"])
        #expect(nodes(try decide(neighbours: [neighbour(.affinity, required: false)]) { _ in }) == ["c"])
        let shunned = try decide(on: Array(racks().suffix(2)), neighbours: [neighbour(.other("loner"))]) { _ in }
        #expect(
            shunned.text
                == "InsufficientDevices: 0/2 nodes: 2 near the job loner, which keeps others away. "
                + "Wait for the job loner.")
    }

    @Test func `preferred nodes come first, and others when they are full`() throws {
        let prefer = Kinds.NodePreference(
            weight: 5, selector: Kinds.LabelSelector(matchLabels: [NodeLabel.rack: "r2"]))
        let decision = try decide(size: 3, cpu: "4") { $0.preferredNodes = [prefer] }
        #expect(nodes(decision) == ["c", "d", "a"])
    }
}

/// One node with two NUMA domains, and two cards in each that are linked across.
@Suite struct TopologyTests {
    private func node(free: [Int64] = [4000, 4000]) -> NodeSnapshot {
        let links = ["gpu0": "gpu2", "gpu2": "gpu0", "gpu1": "gpu3", "gpu3": "gpu1"]
        let domains = free.enumerated().map { domain, milliCPU in
            DeviceSnapshot(
                name: DeviceID("cpu\(domain)"), isCPU: true, classes: ["cpu": [.enforced]],
                capacity: DeviceAmounts(milliCPU: milliCPU, memoryBytes: 8 << 30),
                allocatable: DeviceAmounts(milliCPU: milliCPU, memoryBytes: 8 << 30), numaNode: domain)
        }
        let cards = (0..<4).map { card in
            DeviceSnapshot(
                name: DeviceID("gpu\(card)"), isCPU: false,
                classes: [card < 2 ? "old" : "new": [.enforced], "any": [.enforced]],
                capacity: DeviceAmounts(memoryBytes: 16 << 30, compute: .one),
                allocatable: DeviceAmounts(memoryBytes: 16 << 30, compute: .one), numaNode: card / 2,
                attributes: ["model": card < 2 ? "A" : "B", "generation": card < 2 ? "7.0" : "9.0"],
                links: links["gpu\(card)"].map { [DeviceID($0)] } ?? [])
        }
        return Cluster.node("a", domains + cards)
    }

    private func devices(
        _ name: String, count: Int64 = 1, on node: NodeSnapshot, prices: [String: Rational] = [:],
        _ change: (inout Kinds.SliceRequest) -> Void
    ) throws -> [String] {
        var request = try Cluster.request(cpu: "2", memory: "1Gi", [Cluster.device(name, compute: "50%")])
        request.devices[0].count = count
        change(&request)
        var snapshot = Cluster.snapshot([node], classes: ["old", "new", "any"])
        snapshot.prices = prices
        var placement = Placement(snapshot)
        switch placement.decide(Cluster.gang(request)) {
        case .place(let members): return members[0].shares.map(\.device.rawValue).sorted()
        case .pending(let cause): return [cause.message]
        }
    }

    @Test func `everything comes from one NUMA domain when it must`() throws {
        #expect(try devices("any", on: node(free: [1000, 4000])) { $0.numa = .required } == ["cpu1", "gpu2"])
        let apart = try devices("old", on: node(free: [1000, 4000])) { $0.numa = .required }
        #expect(
            apart == [
                "No known node could hold it even when empty: 1 with enough of everything, but not in one NUMA domain. "
                    + "Ask for less, let slice.numa be preferred, or add a node that is large enough."
            ])
        #expect(try devices("old", on: node(free: [1000, 4000])) { _ in } == ["cpu1", "gpu0"])
    }

    @Test func `several accelerators are linked when they can be`() throws {
        #expect(try devices("any", count: 2, on: node()) { _ in }.suffix(2) == ["gpu0", "gpu2"])
        let three = try devices("any", count: 3, on: node()) { $0.links = .required }
        #expect(
            three == [
                "No known node could hold it even when empty: 1 without enough accelerators that are linked to each "
                    + "other. Ask for less, let slice.links be preferred, or add a node that is large enough."
            ])
    }

    @Test func `model and attributes choose among the devices of a class`() throws {
        #expect(try devices("any", on: node()) { $0.devices[0].models = ["B"] }.last == "gpu2")
        let newer = Kinds.Requirement(key: "generation", operator: .gt, values: ["8"])
        #expect(try devices("any", on: node()) { $0.devices[0].attributes = [newer] }.last == "gpu2")
        let none = try devices("old", on: node()) { $0.devices[0].attributes = [newer] }
        #expect(none[0].contains("1 without a device of class old with generation Gt (8)"))
    }

    @Test func `of the classes that will do the best for its price is taken`() throws {
        let other = Kinds.AlternativeClass(class: "new", rate: Quantity(percent: 200))
        func choose(_ prices: [String: Rational], _ minimize: Kinds.Objective? = nil) throws -> [String] {
            try devices("old", on: node(), prices: prices) { $0.devices[0].alternatives = [other] }
        }
        #expect(try choose([:]).last == "gpu2")
        #expect(try choose(["new": Rational(3)]).last == "gpu0")
        // Both classes are full but one device.
        var busy = node()
        for index in busy.devices.indices where ["gpu2", "gpu3"].contains(busy.devices[index].name.rawValue) {
            busy.devices[index].isCordoned = true
        }
        #expect(try devices("old", on: busy) { $0.devices[0].alternatives = [other] }.last == "gpu0")
    }
}
