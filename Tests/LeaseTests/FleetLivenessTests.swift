import Testing
import TidemillLease
import TidemillSeams

@Suite struct FleetLivenessTests {
    private let names = (0..<5).map { NodeID("n\($0)") }

    /// Nodes that are up, each with a `stop` slice of its own name, heard at 0 and not since.
    private func fleet(after: Duration = .seconds(12), states: [NodeLiveness.State]? = nil) -> FleetLiveness {
        var fleet = FleetLiveness(tickPeriod: .milliseconds(500))
        for (index, node) in names.enumerated() {
            fleet.add(node, state: states?[index] ?? .ready, at: at(0))
            fleet.place(node, in: .all, isExpected: true)
            _ = fleet.on(.granted(SliceUID(node.rawValue), .stop(after: after)), node: node, at: at(0))
        }
        fleet.begin(at: at(0))
        _ = fleet.tick(at: at(0))
        return fleet
    }

    /// Ticks twice a second after `start` until `end`, while `heard` are heard; returns what was lost.
    private func pass(
        _ fleet: inout FleetLiveness, from start: Int64, to end: Int64, heard: [NodeID] = []
    ) -> [String] {
        var lost: [String] = []
        for time in stride(from: start + 500, through: end, by: 500) {
            for node in heard { _ = fleet.on(.renewed, node: node, at: at(time)) }
            for effect in fleet.tick(at: at(time)) {
                if case .sliceLost(let slice) = effect.effect { lost.append(slice.rawValue) }
            }
        }
        return lost
    }

    @Test func `two silent nodes of five lose what ran out`() {
        var fleet = fleet()
        #expect(pass(&fleet, from: 0, to: 11_500, heard: Array(names[2...])) == [])
        #expect(pass(&fleet, from: 11_500, to: 30_000, heard: Array(names[2...])) == ["n0", "n1"])
        #expect(!fleet.suspicion.isTripped)
    }

    @Test func `three silent nodes of five lose nothing, and what ran out is lost after the thaw`() {
        var fleet = fleet()
        #expect(pass(&fleet, from: 0, to: 100_000, heard: Array(names[3...])) == [])
        #expect(fleet.suspicion.isTripped)
        // One returns, in whatever boot: two are no mass failure.
        #expect(pass(&fleet, from: 100_000, to: 100_500, heard: Array(names[2...])) == ["n0", "n1"])
        #expect(!fleet.suspicion.isTripped)
    }

    @Test func `the guard is asked before the very tick that makes them silent loses anything`() {
        // `after` runs out with the silence itself.
        var fleet = fleet(after: .seconds(2))
        #expect(pass(&fleet, from: 0, to: 60_000) == [])
    }

    @Test func `confirm-dead thaws as a return does`() {
        var fleet = fleet()
        #expect(pass(&fleet, from: 0, to: 60_000, heard: Array(names[3...])) == [])
        fleet.place(names[0], in: .all, isExpected: false)
        #expect(pass(&fleet, from: 60_000, to: 60_500, heard: Array(names[3...])) == ["n0", "n1", "n2"])
    }

    @Test func `nodes in maintenance count neither as falling nor among all`() {
        var fleet = fleet()
        for node in names[..<2] { fleet.place(node, in: .all, isExpected: false) }
        // Three of three fall.
        #expect(pass(&fleet, from: 0, to: 60_000) == [])
        #expect(fleet.suspicion.trips[.all]?.silent == Set(names[2...]))
        #expect(fleet.suspicion.trips[.all]?.nodes == 3)
    }

    @Test func `a node that leaves maintenance while it is silent has not fallen silent`() {
        var fleet = fleet()
        fleet.place(names[0], in: .all, isExpected: false)
        #expect(pass(&fleet, from: 0, to: 20_000, heard: Array(names[1...])) == ["n0"])
        fleet.place(names[0], in: .all, isExpected: true)
        // The other two fall; with the first one they would be three of five.
        #expect(pass(&fleet, from: 20_000, to: 60_000, heard: Array(names[3...])) == ["n1", "n2"])
    }

    @Test func `nodes that were silent when the controller started do not fall silent`() {
        var fleet = fleet(states: [.disconnected, .disconnected, .disconnected, .ready, .ready])
        #expect(pass(&fleet, from: 0, to: 60_000, heard: Array(names[3...])).sorted() == ["n0", "n1", "n2"])
        #expect(!fleet.suspicion.isTripped)
    }

    /// Nine nodes of which the last three are heard until they fall silent together: half of nine would be five of them.
    @Test(arguments: [true, false])
    func `nodes that nobody missed are not among all when others fall`(wereSilentAtStart: Bool) {
        var fleet = FleetLiveness(tickPeriod: .milliseconds(500))
        let nodes = (0..<9).map { NodeID("n\($0)") }
        for (index, node) in nodes.enumerated() {
            fleet.add(node, state: index < 6 && wereSilentAtStart ? .disconnected : .ready, at: at(0))
            // Those in maintenance fall silent before anyone says so, and it ends while they are silent.
            fleet.place(node, in: index < 6 ? .region("x\(index)") : .all, isExpected: true)
        }
        _ = pass(&fleet, from: 0, to: 20_000, heard: Array(nodes[6...]))
        for node in nodes[..<6] {
            if !wereSilentAtStart { fleet.place(node, in: .all, isExpected: false) }
            fleet.place(node, in: .all, isExpected: true)
        }
        _ = pass(&fleet, from: 20_000, to: 40_000)
        #expect(fleet.suspicion.trips[.all]?.silent == Set(nodes[6...]))
        #expect(fleet.suspicion.trips[.all]?.nodes == 3)
    }

    @Test func `a started controller waits for the nodes that were up, or one detection time`() {
        var quick = fleet(states: [.ready, .ready, .disconnected, .initializing, .disconnected])
        #expect(quick.firstHearing.hold?.reason == "ControllerStarted")
        _ = quick.on(.renewed, node: names[0], at: at(100))
        #expect(quick.firstHearing.hold != nil)
        _ = quick.on(.renewed, node: names[1], at: at(200))
        #expect(quick.firstHearing.hold == nil)

        var slow = fleet()
        _ = pass(&slow, from: 0, to: 9_500)
        #expect(slow.firstHearing.hold != nil)
        _ = pass(&slow, from: 9_500, to: 10_000)
        #expect(slow.firstHearing.hold == nil)
    }

    @Test func `a controller with an empty store waits for nobody, and one that has not read it for everybody`() {
        var fleet = FleetLiveness(tickPeriod: .milliseconds(500))
        #expect(fleet.firstHearing.hold != nil)
        fleet.begin(at: at(0))
        #expect(fleet.firstHearing.hold == nil)
    }

    @Test func `a halted controller loses nothing`() {
        var fleet = fleet()
        fleet.isHalted = true
        #expect(pass(&fleet, from: 0, to: 60_000, heard: Array(names[1...])) == [])
    }
}
