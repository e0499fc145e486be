import Testing
import TidemillModel
import TidemillPlacement
import TidemillSeams

@Suite struct ExplanationTests {
    typealias C = Cluster

    func explain(_ nodes: [NodeSnapshot], _ gang: PendingGang, classes: Set<String> = ["training"]) -> String {
        var placement = Placement(C.snapshot(nodes, classes: classes))
        return placement.decide(gang).text
    }

    @Test func `nodes are counted by what they lack, with the largest free amount`() throws {
        let nodes = [
            C.node("a", cordoned: true, [C.cpu("a-cpu0", milliCPU: 8000, mebibytes: 400)]),
            C.node("b", [C.cpu("b-cpu0", milliCPU: 8000, mebibytes: 1024, held: [C.held(mebibytes: 724)])]),
            C.node("c", [C.cpu("c-cpu0", milliCPU: 8000, mebibytes: 1024, held: [C.held(mebibytes: 924)])]),
        ]
        #expect(
            explain(nodes, C.gang(try C.request(cpu: "1", memory: "512Mi"))) == """
                InsufficientDevices: 0/3 nodes: 1 cordoned, 2 short of 512Mi memory (largest free 300Mi). \
                Free 212Mi memory on b.
                """)
    }

    @Test func `uncordoning is named when it alone would do`() throws {
        let nodes = [C.node("a", cordoned: true, [C.cpu("a-cpu0", milliCPU: 8000, mebibytes: 4096)])]
        #expect(
            explain(nodes, C.gang(try C.request(cpu: "1", memory: "1Gi")))
                == "InsufficientDevices: 0/1 nodes: 1 cordoned. Uncordon a.")
    }

    @Test func `a node that was drained is uncordoned too`() throws {
        let nodes = [
            C.node("a", [C.cpu("a-cpu0", milliCPU: 8000, mebibytes: 1024, held: [C.held(mebibytes: 724)])]),
            C.node("b", state: .cordoned, [C.cpu("b-cpu0", milliCPU: 8000, mebibytes: 4096)]),
        ]
        #expect(
            explain(nodes, C.gang(try C.request(cpu: "1", memory: "1Gi"))) == """
                InsufficientDevices: 0/2 nodes: 1 cordoned, 1 short of 1Gi memory (largest free 300Mi). Uncordon b.
                """)
    }

    @Test(arguments: [
        (
            Kinds.NodeState.draining,
            "0/1 nodes: 1 Draining. End the drain of a (`tidemill uncordon a`), or add a node."
        ),
        (
            .maintenance,
            "0/1 nodes: 1 Maintenance. End the maintenance of a (`tidemill maintenance a --off`), or add a node."
        ),
        (.disconnected, "0/1 nodes: 1 Disconnected. Wait for a to become Ready, or add a node."),
        (.suspect, "0/1 nodes: 1 Suspect. Wait for a to become Ready, or add a node."),
    ])
    func `a node that is silent or being emptied gets nothing`(_ state: Kinds.NodeState, _ message: String) throws {
        let nodes = [C.node("a", state: state, [C.cpu("a-cpu0", milliCPU: 8000, mebibytes: 4096)])]
        #expect(explain(nodes, C.gang(try C.request(cpu: "1", memory: "1Gi"))) == "InsufficientDevices: \(message)")
    }

    @Test func `a tainted node and one that refused are told apart`() throws {
        let taint = Kinds.Taint(key: "maintenance", effect: .noSchedule)
        let nodes = [
            C.node("a", taints: [taint], [C.cpu("a-cpu0", milliCPU: 8000, mebibytes: 4096)]),
            C.node("b", [C.cpu("b-cpu0", milliCPU: 8000, mebibytes: 4096)]),
        ]
        let gang = C.gang(try C.request(cpu: "1", memory: "1Gi"), passedOver: [NodeID("b"): "Occupied"])
        #expect(
            explain(nodes, gang) == """
                InsufficientDevices: 0/2 nodes: 1 passed over after refusing (Occupied), 1 tainted maintenance. \
                Wait until b is asked again after its back-off.
                """)
    }

    @Test func `a request larger than every node never fits`() throws {
        let nodes = [
            C.node("a", cordoned: true, [C.cpu("a-cpu0", milliCPU: 2000, mebibytes: 2048)]),
            C.node("b", [C.cpu("b-cpu0", milliCPU: 4000, mebibytes: 2048, held: [C.held(milliCPU: 4000)])]),
        ]
        #expect(
            explain(nodes, C.gang(try C.request(cpu: "64", memory: "1Gi"))) == """
                NeverFits: No known node could hold it even when empty: 2 short of 64 cpu (largest free 4). \
                Ask for less, or add a node that is large enough.
                """)
    }

    @Test func `a gang larger than the empty cluster never fits`() throws {
        let nodes = [C.node("a", [C.cpu("a-cpu0", milliCPU: 2000, mebibytes: 2048)])]
        #expect(
            explain(nodes, C.gang(size: 9, try C.request(cpu: "1", memory: "1Gi"))).hasPrefix(
                "NeverFits: The known nodes could hold 2 of its 9 members even when empty"))
    }

    @Test func `without a node or a class the message says what to create`() throws {
        let request = try C.request([C.device("training", compute: "50%")])
        #expect(
            explain([], C.gang(request)) == "InsufficientDevices: 0/0 nodes: no node has joined yet. Start an agent.")
        #expect(
            explain([], C.gang(request), classes: [])
                == "NoMatchingDevice: No device class training exists. Create it, or ask for another class.")
        let nodes = [C.node("a", [C.cpu("a-cpu0", milliCPU: 2000, mebibytes: 2048)])]
        #expect(explain(nodes, C.gang(request)).hasPrefix("NoMatchingDevice: No known node could hold it"))
    }
}
