import Testing
import TidemillModel
import TidemillPlacement
import TidemillReplay
import TidemillSeams
import TidemillWire

@Suite struct RecordedDecisionTests {
    private func device(_ name: String, _ deviceClass: String, links: Set<DeviceID> = []) -> DeviceSnapshot {
        let isCPU = deviceClass == "cpu"
        let amounts = DeviceAmounts(
            milliCPU: isCPU ? 8000 : 0, memoryBytes: 16 << 30, compute: isCPU ? .zero : .one)
        return DeviceSnapshot(
            name: DeviceID(name), isCPU: isCPU, classes: [deviceClass: [.exclusive, .enforced]], capacity: amounts,
            allocatable: amounts, numaNode: 0, attributes: ["model": "A", "memory": "16Gi"], links: links)
    }

    private func cluster() -> ClusterSnapshot {
        let nodes = (0..<3).map { number in
            NodeSnapshot(
                name: NodeID("n\(number)"), bootID: number == 2 ? nil : BootID("boot\(number)"), state: .ready,
                isCordoned: false, taints: number == 1 ? [Kinds.Taint(key: "flaky", effect: .preferNoSchedule)] : [],
                labels: [NodeLabel.rack: "r\(number)"],
                devices: [
                    device("n\(number)-cpu0", "cpu"),
                    device("n\(number)-gpu0", "card", links: [DeviceID("n\(number)-gpu1")]),
                    device("n\(number)-gpu1", "card"),
                ])
        }
        return ClusterSnapshot(
            revision: Revision(5), nodes: nodes, classes: ["card"], prices: ["card": Rational(3, 2) ?? .one])
    }

    private func gang(_ number: Int) throws -> PendingGang {
        var device = Kinds.DeviceRequest(class: "card", count: 1 + Int64(number % 2))
        device.compute = try Quantity(parsing: number % 3 == 0 ? "50%" : "30%")
        device.attributes = [Kinds.Requirement(key: "memory", operator: .gt, values: ["8Gi"])]
        var gang = PendingGang(
            namespace: "lab", job: "job-\(number)", members: ["a", "b"],
            request: Kinds.SliceRequest(cpu: try Quantity(parsing: "500m"), devices: [device], links: .preferred),
            tolerations: [Kinds.Toleration(key: "gold", operator: .exists)],
            passedOver: number == 4 ? [NodeID("n0"): "Occupied"] : [:])
        gang.constraints.spread = [Kinds.Spread(over: NodeLabel.rack, maxSkew: 1, mode: .preferred)]
        gang.neighbours = [
            Neighbour(source: .other("loner"), isRequired: false, within: NodeLabel.rack, nodes: [NodeID("n1")])
        ]
        return gang
    }

    private func recorded() throws -> [RecordedDecision] {
        var placement = Placement(cluster(), remembering: 4)
        for number in 0..<14 {
            placement.mark(revision: Revision(Int64(10 + number)), time: "2026-01-01T00:00:00Z")
            if case .place(let members) = placement.decide(try gang(number)), number % 3 == 1 {
                placement.release(members[1], of: "lab")
            }
            if number == 8 { placement.update(classes: ["card", "more"], prices: [:]) }
            if number == 9 { placement.update([cluster().nodes[0]], removed: [NodeID("n2")]) }
        }
        let record = try #require(placement.record)
        return try record.numbers.map { number in
            let (excerpt, line) = try #require(record.excerpt(number))
            return RecordedDecision(excerpt, line)
        }
    }

    @Test func `a file says all that the decision was made on`() throws {
        let all = try recorded()
        #expect(all.count >= 4)
        #expect(Set(all.map { $0.decision["place"] == nil }) == [true, false])
        for one in all {
            let read = try RecordedDecision(json: JSON.parse(one.json.bytes))
            #expect(read.excerpt == one.excerpt)
            #expect(read.json.bytes == one.json.bytes)
            #expect(read.replayed().bytes == one.decision.bytes)
        }
    }

    @Test func `what was changed in the file shows`() throws {
        var one = try #require(try recorded().first { $0.decision["place"] != nil })
        guard case .decide(var gang)? = one.excerpt.steps.last else { return }
        gang.request.cpu = try Quantity(parsing: "64")
        one.excerpt.steps[one.excerpt.steps.count - 1] = .decide(gang)
        #expect(one.replayed().bytes != one.decision.bytes)
    }

    @Test func `a file that is none is refused in words`() throws {
        #expect {
            try RecordedDecision(json: ["format": "tidemill.dev/decision/v9"])
        } throws: { "\($0)".contains("format: must be tidemill.dev/decision/v1, not tidemill.dev/decision/v9") }
    }
}
