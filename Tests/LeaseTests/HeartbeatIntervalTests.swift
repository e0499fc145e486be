import Testing
import TidemillLease
import TidemillSeams

@Suite struct HeartbeatIntervalTests {
    @Test(arguments: [
        (Int?.none, 2_000), (60_000, 2_000), (12_000, 2_000), (6_000, 1_000), (1_500, 250), (100, 250),
    ]) func `is a sixth of the smallest after, from 250 ms to 2 s`(after: Int?, interval: Int) {
        #expect(HeartbeatInterval.agreed(smallestAfter: after.map { .milliseconds($0) }) == .milliseconds(interval))
    }

    @Test func `suspect is three intervals and disconnected five, which every valid after exceeds`() {
        let times = DetectionTimes(interval: .seconds(2))
        #expect(times.suspect == .seconds(6))
        #expect(times.disconnected == .seconds(10))
        for after: Duration in [FencePolicy.smallestAfter, .seconds(5), .seconds(60)] {
            let interval = HeartbeatInterval.agreed(smallestAfter: after)
            #expect(DetectionTimes(interval: interval).disconnected <= after)
        }
    }

    @Test func `a tick is late only when a whole period is missing`() {
        var watch = TickWatch(period: .milliseconds(100))
        #expect(watch.tick(at: at(0)) == .zero)
        #expect(watch.tick(at: at(100)) == .zero)
        #expect(watch.tick(at: at(299)) == .zero)
        #expect(watch.tick(at: at(5_399)) == .seconds(5))
        #expect(watch.tick(at: at(5_499)) == .zero)
    }
}
