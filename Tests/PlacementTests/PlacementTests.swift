import Testing
import TidemillModel
import TidemillPlacement
import TidemillSeams

@Suite struct PlacementTests {
    typealias C = Cluster

    func decide(_ nodes: [NodeSnapshot], _ gang: PendingGang, classes: Set<String> = ["training"]) -> Decision {
        var placement = Placement(C.snapshot(nodes, classes: classes))
        return placement.decide(gang)
    }

    @Test func `an eighth of a domain and half a gibibyte are granted exactly`() throws {
        let nodes = [C.node("a", [C.cpu("a-cpu0", milliCPU: 2000, mebibytes: 8192, allocatableMilliCPU: 1800)])]
        let gang = C.gang(size: 2, try C.request([C.device("cpu", memory: "512Mi", compute: "12.5%")]))
        #expect(
            decide(nodes, gang).text == """
                job-1-0@a: a-cpu0 250m 512Mi 1/8
                job-1-1@a: a-cpu0 250m 512Mi 1/8
                """)
    }

    @Test func `cpu and memory come from one domain and the grant names it`() throws {
        let nodes = [
            C.node(
                "a",
                [
                    C.cpu("a-cpu0", milliCPU: 4000, mebibytes: 1024), C.cpu("a-cpu1", milliCPU: 4000, mebibytes: 8192),
                ])
        ]
        #expect(decide(nodes, C.gang(try C.request(cpu: "2", memory: "2Gi"))).text == "job-1-0@a: a-cpu1 2 2Gi 1/2")
        let split = decide(nodes, C.gang(try C.request(cpu: "6", memory: "2Gi")))
        #expect(split.text.hasPrefix("NeverFits: "))
    }

    @Test func `the node with the least left over wins, and ties go to the first name`() throws {
        let small = C.node(
            "b", [C.cpu("b-cpu0", milliCPU: 2000, mebibytes: 2048, held: [C.held(milliCPU: 1000, mebibytes: 1024)])])
        let nodes = [C.node("a", [C.cpu("a-cpu0", milliCPU: 2000, mebibytes: 2048)]), small]
        let request = try C.request(cpu: "1", memory: "1Gi")
        #expect(decide(nodes, C.gang(request)).text == "job-1-0@b: b-cpu0 1 1Gi 1/2")
        let twins = ["y", "x"].map { C.node($0, [C.cpu("\($0)-cpu0", milliCPU: 2000, mebibytes: 2048)]) }
        #expect(decide(twins, C.gang(request)).text == "job-1-0@x: x-cpu0 1 1Gi 1/2")
    }

    @Test func `a node that is only to be avoided comes after all others`() throws {
        let avoid = Kinds.Taint(key: "flaky", effect: .preferNoSchedule)
        let nodes = [
            C.node("a", taints: [avoid], [C.cpu("a-cpu0", milliCPU: 1000, mebibytes: 1024)]),
            C.node("b", [C.cpu("b-cpu0", milliCPU: 8000, mebibytes: 8192)]),
        ]
        #expect(decide(nodes, C.gang(try C.request(cpu: "1", memory: "1Gi"))).text == "job-1-0@b: b-cpu0 1 1Gi 1/8")
    }

    @Test func `what one gang got is taken for the next`() throws {
        var placement = Placement(C.snapshot([C.node("a", [C.cpu("a-cpu0", milliCPU: 2000, mebibytes: 2048)])]))
        let request = try C.request(cpu: "1500m", memory: "1Gi")
        #expect(placement.decide(C.gang(request)).text.hasPrefix("job-1-0@a"))
        #expect(
            placement.decide(C.gang(request)).text
                == "InsufficientDevices: 0/1 nodes: 1 short of 1500m cpu (largest free 500m). Free 1 cpu on a.")
    }

    @Test func `a gang that fits in part holds nothing`() throws {
        var placement = Placement(
            C.snapshot([
                C.node(
                    "a",
                    [
                        C.cpu("a-cpu0", milliCPU: 3000, mebibytes: 4096, held: [C.held(milliCPU: 1000)])
                    ])
            ]))
        #expect(
            placement.decide(C.gang(size: 3, try C.request(cpu: "1", memory: "1Gi"))).text
                == "InsufficientDevices: 2 of 3 members fit; for the next 0/1 nodes: 1 short of 1 cpu (largest free 0). Free 1 cpu on a."
        )
        #expect(placement.decide(C.gang(size: 2, try C.request(cpu: "1", memory: "1Gi"))).text.hasPrefix("job-1-0@a"))
    }

    @Test func `a wholly asked card is exclusive where the device offers it and never shared`() throws {
        let free = C.card("a-gpu0", grades: [.exclusive, .enforced])
        let cpu = C.cpu("a-cpu0", milliCPU: 4000, mebibytes: 4096)
        let request = try C.request([C.device("training", .exclusive)])
        #expect(
            decide([C.node("a", [free, cpu])], C.gang(request)).text
                == "job-1-0@a: a-gpu0 1 1000Mi 1 + a-cpu0 250m 256Mi 1/16")
        var busy = free
        busy.held = [C.held(mebibytes: 10)]
        #expect(
            decide([C.node("a", [busy, cpu])], C.gang(request)).text
                == "InsufficientDevices: 0/1 nodes: 1 without an empty device of class training. Free the device a-gpu0."
        )
    }

    @Test func `what is left of a card is exact`() throws {
        let third = try #require(Rational(1, 3))
        let held = (0..<2).map { _ in C.held(mebibytes: 100, compute: third) }
        let device = C.card("a-gpu0", held: held)
        #expect(device.free.compute == third)
    }

    @Test func `advisory shares of two tenants never meet`() throws {
        let nodes = [
            C.node(
                "a",
                [
                    C.cpu(
                        "a-cpu0", milliCPU: 4000, mebibytes: 4096, grades: [.advisory],
                        held: [C.held(milliCPU: 100, mebibytes: 100, namespace: "other", .advisory)])
                ])
        ]
        let decision = decide(nodes, C.gang(try C.request(cpu: "1", memory: "1Gi")))
        #expect(
            decision.text == """
                InsufficientDevices: 0/1 nodes: 1 where another tenant shares the cpu device without enforcement. \
                Free the device a-cpu0.
                """)
        #expect(
            decide(nodes, C.gang(namespace: "other", try C.request(cpu: "1", memory: "1Gi"))).text.hasPrefix(
                "job-1-0@a"))
    }
}
