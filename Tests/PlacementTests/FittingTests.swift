import Testing
import TidemillModel
import TidemillPlacement
import TidemillSeams

@Suite struct FittingTests {
    /// Two nodes of four CPUs; on each, two jobs hold two CPUs each.
    private func busy() -> ([NodeSnapshot], [Victim]) {
        var nodes: [NodeSnapshot] = []
        var victims: [Victim] = []
        for name in ["a", "b"] {
            let held = (0..<2).map { number in
                HeldShare(
                    slice: SliceUID("\(name)\(number)"), namespace: "lab",
                    amounts: DeviceAmounts(milliCPU: 2000, memoryBytes: 1 << 30), isolation: .enforced)
            }
            nodes.append(
                Cluster.node(name, [Cluster.cpu("\(name)-cpu0", milliCPU: 4000, mebibytes: 8192, held: held)]))
            victims += held.map {
                Victim(
                    namespace: "lab", job: "job-\($0.slice)", slices: [$0.slice],
                    cardUnits: Rational(1, name == "a" ? 4 : 2) ?? .one)
            }
        }
        return (nodes, victims)
    }

    private func answer(
        size: Int = 1, _ request: Kinds.SliceRequest, preempting: (Victim) -> Bool = { _ in true }
    ) -> FitAnswer {
        let (nodes, victims) = busy()
        let placement = Placement(Cluster.snapshot(nodes))
        return placement.answer(Cluster.gang(size: size, request), preempting: victims.filter(preempting))
    }

    @Test func `the fewest and smallest are preempted`() throws {
        func jobs(_ answer: FitAnswer) -> [String]? {
            if case .afterPreemption(_, let victims, _) = answer { victims.map(\.job).sorted() } else { nil }
        }
        #expect(jobs(answer(try Cluster.request(cpu: "1"))) == ["job-a0"])
        #expect(jobs(answer(try Cluster.request(cpu: "3"))) == ["job-a0", "job-a1"])
        #expect(jobs(answer(size: 2, try Cluster.request(cpu: "4"))) == ["job-a0", "job-a1", "job-b0", "job-b1"])
        let nobody = answer(try Cluster.request(cpu: "3")) { $0.job.hasSuffix("0") }
        guard case .later(let cause) = nobody else {
            Issue.record("\(nobody)")
            return
        }
        #expect(cause.message == "0/2 nodes: 2 short of 3 cpu (largest free 0). Free 3 cpu on a.")
        #expect(cause.filters == [PendingCause.Filter(text: "short of 3 cpu", nodes: 2, largestFree: "0")])
    }

    @Test func `what never fits is told the largest that could`() throws {
        func largest(_ answer: FitAnswer) -> Largest? {
            if case .never(_, let largest) = answer { largest } else { nil }
        }
        let wide = largest(answer(try Cluster.request(cpu: "6", memory: "1Gi")))
        #expect(
            wide == Largest(members: 0, limits: [Largest.Limit(field: "cpu", asked: "6", largest: "4")]))
        let both = largest(answer(try Cluster.request(cpu: "6", memory: "9Gi")))
        #expect(both == Largest(members: 0, limits: []))
        let many = largest(answer(size: 9, try Cluster.request(cpu: "1", memory: "1Gi")))
        #expect(many == Largest(members: 8, limits: []))
        let share = try Cluster.request(memory: "1Gi", [Cluster.device("training", memory: "2Gi")])
        var placement = Placement(
            Cluster.snapshot([
                Cluster.node("a", [Cluster.cpu("cpu0", milliCPU: 4000, mebibytes: 8192), Cluster.card("gpu0")])
            ]))
        guard case .never(_, let card) = placement.answer(Cluster.gang(share), preempting: []) else {
            Issue.record("it fits")
            return
        }
        #expect(card.limits == [Largest.Limit(field: "devices[0].memory", asked: "2Gi", largest: "1000Mi")])
        _ = placement.decide(Cluster.gang(share))
    }

    @Test func `an answer places nothing and leaves no trace`() throws {
        var placement = Placement(Cluster.snapshot(busy().0), remembering: 10)
        _ = placement.answer(Cluster.gang(try Cluster.request(cpu: "1")), preempting: busy().1)
        #expect(placement.cluster == Placement(Cluster.snapshot(busy().0)).cluster)
        #expect(placement.record?.numbers == 1..<1)
        _ = placement.decide(Cluster.gang(try Cluster.request(cpu: "1")))
        #expect(placement.record?.numbers == 1..<2)
    }
}

@Suite struct DecisionRecordTests {
    @Test func `every decision that is kept can be made again`() throws {
        var nodes = (0..<4).map {
            Cluster.node("n\($0)", [Cluster.cpu("n\($0)-cpu0", milliCPU: 4000, mebibytes: 8192)])
        }
        var placement = Placement(Cluster.snapshot(nodes), remembering: 8)
        for number in 0..<40 {
            placement.mark(revision: Revision(Int64(100 + number)), time: "t\(number)")
            var gang = Cluster.gang(size: 1 + number % 3, try Cluster.request(cpu: "\(1 + number % 2)", memory: "1Gi"))
            gang.job = "job-\(number)"
            if case .place(let members) = placement.decide(gang), number % 2 == 0 {
                placement.release(members[0], of: gang.namespace)
            }
            if number % 5 == 0 {
                nodes[1].isCordoned.toggle()
                placement.update([nodes[1]])
            }
        }
        let record = try #require(placement.record)
        #expect(record.numbers.upperBound == 41)
        #expect(record.numbers.count >= 8 && record.numbers.count <= 16)
        for number in record.numbers {
            let (excerpt, line) = try #require(record.excerpt(number))
            #expect(excerpt.gang?.job == "job-\(number - 1)" && line.gang == excerpt.gang)
            #expect(excerpt.replayed() == line.decision)
        }
        #expect(record.excerpt(record.numbers.lowerBound - 1)?.line == nil)
        #expect(record.excerpt(41)?.line == nil)
        let line = try #require(record.latest(1).first)
        #expect(line.number == 40 && line.revision == Revision(139) && line.time == "t39")
    }

    @Test func `a node whose devices arrive later is as good as any`() throws {
        let bare = Cluster.node("a", [Cluster.cpu("cpu0", milliCPU: 4000, mebibytes: 8192)])
        var placement = Placement(Cluster.snapshot([bare]))
        var node = bare
        node = Cluster.node("a", bare.devices + [Cluster.card("gpu0"), Cluster.card("gpu1")])
        placement.update([node])
        let gang = Cluster.gang(try Cluster.request([Cluster.device("training", compute: "50%")]))
        guard case .place = placement.decide(gang) else {
            Issue.record("it waits")
            return
        }
    }
}
