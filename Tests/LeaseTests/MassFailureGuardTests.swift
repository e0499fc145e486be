import Testing
import TidemillLease
import TidemillSeams

@Suite struct MassFailureGuardTests {
    private let size10 = MassFailureGuard.Domain(nodes: 10, disconnected: .seconds(10))

    private func node(_ number: Int) -> NodeID { NodeID("n\(number)") }

    @Test(arguments: [
        (1, 3), (2, 3), (5, 3), (6, 3), (7, 4), (8, 4), (9, 5), (10, 3), (15, 3), (16, 4), (20, 4), (21, 5), (100, 20),
        (101, 21),
    ])
    func `a fifth, or half of less than ten, and at least three`(_ nodes: Int, _ threshold: Int) {
        #expect(MassFailureGuard.threshold(of: nodes) == threshold)
    }

    /// Three of ten, of which the first fell `spread` milliseconds before the last.
    private func tripped(spread: Int64) -> MassFailureGuard {
        var guardian = MassFailureGuard()
        guardian.fell(node(0), in: .all, at: at(100_000))
        guardian.judge([.all: size10], at: at(100_000))
        guardian.fell(node(1), in: .all, at: at(100_000 + spread))
        guardian.fell(node(2), in: .all, at: at(100_000 + spread))
        guardian.judge([.all: size10], at: at(100_000 + spread))
        return guardian
    }

    @Test func `what falls silent within twice the detection time counts together, and no longer`() {
        #expect(tripped(spread: 0).isTripped)
        #expect(tripped(spread: 20_000).isTripped)
        #expect(!tripped(spread: 20_001).isTripped)
    }

    @Test func `two of ten are two failures`() {
        var guardian = MassFailureGuard()
        for number in 0..<2 { guardian.fell(node(number), in: .all, at: at(0)) }
        guardian.judge([.all: size10], at: at(0))
        #expect(!guardian.isTripped)
    }

    @Test func `racks do not add up`() {
        var guardian = MassFailureGuard()
        let racks = [FailureDomain.rack("r1", region: nil), .rack("r2", region: nil)]
        for (index, rack) in racks.enumerated() {
            for number in 0..<2 { guardian.fell(node(index * 2 + number), in: rack, at: at(0)) }
        }
        guardian.judge([racks[0]: size10, racks[1]: size10], at: at(0))
        #expect(!guardian.isTripped)
        guardian.fell(node(9), in: racks[1], at: at(1))
        guardian.judge([racks[0]: size10, racks[1]: size10], at: at(1))
        #expect(guardian.trips.keys.sorted { $0.description < $1.description } == [racks[1]])
        #expect(guardian.isSuspected(node(9)) && !guardian.isSuspected(node(0)))
    }

    @Test func `it thaws when fewer than the threshold of those that fell are silent`() {
        var guardian = tripped(spread: 0)
        guardian.fell(node(3), in: .all, at: at(130_000))
        guardian.judge([.all: size10], at: at(900_000))
        #expect(guardian.isTripped)
        guardian.clear(node(0))
        guardian.judge([.all: size10], at: at(900_001))
        #expect(guardian.isTripped)
        guardian.clear(node(3))
        guardian.judge([.all: size10], at: at(900_002))
        #expect(!guardian.isTripped)
    }

    @Test func `a node that returns before the others fall does not count`() {
        var guardian = MassFailureGuard()
        for number in 0..<2 { guardian.fell(node(number), in: .all, at: at(0)) }
        guardian.clear(node(0))
        guardian.fell(node(2), in: .all, at: at(1))
        guardian.judge([.all: size10], at: at(1))
        #expect(!guardian.isTripped)
    }

    @Test func `the controller's own pause does not push falls out of the window`() {
        var guardian = MassFailureGuard()
        for number in 0..<2 { guardian.fell(node(number), in: .all, at: at(0)) }
        guardian.extended(by: .seconds(100))
        guardian.fell(node(2), in: .all, at: at(110_000))
        guardian.judge([.all: size10], at: at(110_000))
        #expect(guardian.isTripped)
    }

    @Test func `it says with numbers and names what it saw and what would thaw it`() throws {
        let hold = try #require(tripped(spread: 0).hold)
        #expect(hold.reason == "ControllerSuspect")
        #expect(hold.message.hasPrefix("3 of 10 nodes of this control plane fell silent within 20.0 seconds"))
        #expect(hold.message.contains("fewer than 3 of them are silent") && hold.message.contains("n0, n1, n2"))
        #expect(MassFailureGuard().hold == nil)
    }

    @Test func `a rack is the failure domain, else the region, else all`() {
        #expect(FailureDomain(rack: "r", region: "x") == .rack("r", region: "x"))
        #expect(FailureDomain(rack: "r", region: "x") != FailureDomain(rack: "r", region: "y"))
        #expect(FailureDomain(rack: nil, region: "x") == .region("x"))
        #expect(FailureDomain(rack: nil, region: nil) == .all)
    }
}
