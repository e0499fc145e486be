import Testing
import TidemillLease
import TidemillSeams

@Suite struct NodeLivenessTests {
    private let slice = SliceUID("s")

    @Test func `silence becomes Suspect after three intervals and Disconnected after five`() {
        var node = NodeLiveness(at: at(0), state: .ready)
        #expect(node.on(.tick, at: at(5_999)) == [])
        #expect(node.on(.tick, at: at(6_000)) == [.stateChanged(from: .ready, to: .suspect)])
        #expect(node.on(.tick, at: at(9_999)) == [])
        #expect(node.on(.tick, at: at(10_000)) == [.stateChanged(from: .suspect, to: .disconnected)])
        #expect(node.on(.tick, at: at(99_000)) == [])
        #expect(node.on(.renewed, at: at(99_001)) == [.stateChanged(from: .disconnected, to: .ready)])
    }

    @Test func `a node that was never heard of stays Initializing until it is`() {
        var node = NodeLiveness(at: at(0), state: .initializing)
        #expect(node.on(.tick, at: at(60_000)) == [])
        #expect(node.on(.renewed, at: at(60_001)) == [.stateChanged(from: .initializing, to: .ready)])
    }

    @Test func `a stop slice is lost when its after has run out since the last processed renewal, a keep slice never`()
    {
        var node = NodeLiveness(at: at(0), state: .ready)
        _ = node.on(.granted(slice, .stop(after: .seconds(60))), at: at(1_000))
        _ = node.on(.granted(SliceUID("k"), .keep), at: at(1_000))
        _ = node.on(.renewed, at: at(20_000))
        _ = node.on(.tick, at: at(79_999))
        #expect(node.state == .disconnected)
        #expect(node.on(.tick, at: at(80_000)) == [.sliceLost(slice)])
        #expect(node.on(.tick, at: at(999_000)) == [])
    }

    @Test func `a renewal in time keeps the slice`() {
        var node = NodeLiveness(at: at(0), state: .ready)
        _ = node.on(.granted(slice, .stop(after: .seconds(20))), at: at(0))
        for second in stride(from: Int64(2), through: 100, by: 2) {
            #expect(node.on(.renewed, at: at(second * 1_000)) == [])
            #expect(node.on(.tick, at: at(second * 1_000 + 1)) == [])
        }
    }

    @Test func `an after as long as there is time loses nothing and breaks nothing`() {
        let longest = Duration.nanoseconds(Int64.max)
        var node = NodeLiveness(at: at(0), state: .ready)
        _ = node.on(.granted(slice, .stop(after: longest)), at: at(1_000))
        _ = node.on(.renewed, at: at(20_000))
        #expect(node.on(.tick, at: at(21_000)) == [])
        let deadline = Deadline(
            boot: BootID("b"), epoch: Epoch(1), after: longest,
            margin: FenceMargin.margin(after: longest, timeToKill: .milliseconds(100)),
            sentAt: Instant(nanoseconds: .max / 2))
        #expect(!deadline.hasPassed(at: at(20_000)) && deadline.kernelAt >= deadline.at)
    }

    @Test func `a released slice is not lost`() {
        var node = NodeLiveness(at: at(0), state: .ready)
        _ = node.on(.granted(slice, .stop(after: .seconds(20))), at: at(0))
        _ = node.on(.released(slice), at: at(1))
        #expect(!node.on(.tick, at: at(60_000)).contains(.sliceLost(slice)))
    }

    @Test func `a fresh leader waits one detection time before it loses anything`() {
        var node = NodeLiveness(at: at(0), state: .ready)
        _ = node.on(.granted(slice, .stop(after: .milliseconds(1_500))), at: at(0))
        #expect(!node.on(.tick, at: at(9_999)).contains(.sliceLost(slice)))
        #expect(node.on(.tick, at: at(10_000)).contains(.sliceLost(slice)))
    }

    @Test func `the controller's own pause is not held against the node`() {
        var node = NodeLiveness(at: at(0), state: .ready)
        _ = node.on(.granted(slice, .stop(after: .seconds(20))), at: at(0))
        _ = node.on(.extended(by: .seconds(50)), at: at(51_000))
        #expect(node.on(.tick, at: at(51_000)) == [])
        #expect(node.on(.tick, at: at(70_000)).contains(.sliceLost(slice)))
    }

    @Test func `an extension never counts as a renewal that is still to come`() {
        var node = NodeLiveness(at: at(0), state: .ready)
        _ = node.on(.extended(by: .seconds(50)), at: at(1_000))
        #expect(node.lastProcessed == at(1_000))
    }

    @Test func `a short after is agreed once announced and followed by a renewal`() {
        var node = NodeLiveness(at: at(0), state: .ready)
        let after: Duration = .milliseconds(1_500)
        #expect(node.hasAgreed(after: .seconds(12)))
        #expect(!node.hasAgreed(after: after))
        _ = node.on(.planned(smallestAfter: after), at: at(1))
        #expect(node.interval == .milliseconds(250))
        #expect(!node.hasAgreed(after: after))
        _ = node.on(.renewed, at: at(2))
        #expect(!node.hasAgreed(after: after))
        _ = node.on(.renewed, at: at(3))
        #expect(node.hasAgreed(after: after))
        #expect(node.detection.disconnected == .milliseconds(1_250))
    }

    @Test func `a node that was just allowed to renew seldom has agreed to nothing short`() {
        var node = NodeLiveness(at: at(0), state: .ready)
        let after: Duration = .milliseconds(1_500)
        _ = node.on(.granted(slice, .stop(after: after)), at: at(0))
        _ = node.on(.renewed, at: at(1))
        _ = node.on(.renewed, at: at(2))
        _ = node.on(.released(slice), at: at(3))
        _ = node.on(.renewed, at: at(4))
        // It was told two seconds: a grant now would be fenced before the next heartbeat.
        #expect(!node.hasAgreed(after: after))
    }

    @Test func `when the interval grows again, silence is judged by the longer one at once`() {
        var node = NodeLiveness(at: at(0), state: .ready)
        _ = node.on(.granted(slice, .stop(after: .milliseconds(1_500))), at: at(0))
        _ = node.on(.renewed, at: at(1))
        _ = node.on(.renewed, at: at(2))
        _ = node.on(.released(slice), at: at(3))
        _ = node.on(.renewed, at: at(4))
        #expect(node.interval == .seconds(2))
        #expect(node.detection.suspect == .seconds(6))
    }

    @Test func `the fleet extends all by the gap of a late tick, then judges`() {
        var fleet = FleetLiveness(tickPeriod: .milliseconds(500))
        fleet.add(NodeID("a"), state: .ready, at: at(0))
        fleet.add(NodeID("b"), state: .ready, at: at(0))
        #expect(fleet.tick(at: at(0)) == [])
        #expect(fleet.tick(at: at(30_500)) == [])
        for time in stride(from: Int64(31_000), to: 36_000, by: 500) { #expect(fleet.tick(at: at(time)) == []) }
        let suspect = NodeLiveness.Effect.stateChanged(from: .ready, to: .suspect)
        #expect(
            fleet.tick(at: at(36_000)) == [
                .init(node: NodeID("a"), effect: suspect), .init(node: NodeID("b"), effect: suspect),
            ])
    }
}
