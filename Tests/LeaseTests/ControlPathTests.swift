import Testing
import TidemillLease
import TidemillSeams

@Suite struct ControlPathTests {
    private func path(applied: Int64 = 5) -> ControlPath {
        var path = ControlPath()
        path.heard(applied: Revision(applied), isReturn: false, at: at(0))
        return path
    }

    @Test func `a change that is unapplied for ten seconds is a stall, until it is applied`() {
        var path = path()
        path.wrote(Revision(8), at: at(1_000))
        #expect(path.stalled(at: at(10_999)) == nil)
        #expect(path.stalled(at: at(11_000)) == Revision(8))
        path.heard(applied: Revision(7), isReturn: false, at: at(11_001))
        #expect(path.stalled(at: at(11_001)) == Revision(8))
        path.heard(applied: Revision(8), isReturn: false, at: at(11_002))
        #expect(path.stalled(at: at(99_000)) == nil)
    }

    @Test func `an idle node never stalls`() {
        var path = path()
        path.wrote(Revision(4), at: at(0))
        path.heard(applied: Revision(5), isReturn: false, at: at(90_000))
        #expect(path.stalled(at: at(99_000)) == nil)
    }

    @Test func `a node that follows a stream of changes never stalls, and one that lags by ten seconds does`() {
        var (following, lagging) = (path(applied: 0), path(applied: 0))
        for second in Int64(1)...60 {
            let now = at(second * 1_000)
            for path in [0, 1] {
                if path == 0 {
                    following.wrote(Revision(second), at: now)
                } else {
                    lagging.wrote(Revision(second), at: now)
                }
            }
            following.heard(applied: Revision(max(0, second - 8)), isReturn: false, at: now)
            lagging.heard(applied: Revision(max(0, second - 12)), isReturn: false, at: now)
            #expect(following.stalled(at: now) == nil)
        }
        #expect(lagging.stalled(at: at(60_000)) == Revision(49))
    }

    @Test func `however many changes wait, the oldest counts and none is lost`() {
        var path = path()
        for change in Int64(0)..<1000 { path.wrote(Revision(10 + change), at: at(change * 100)) }
        #expect(path.stalled(at: at(12_000)) != nil)
        path.heard(applied: Revision(1008), isReturn: false, at: at(100_000))
        #expect(path.stalled(at: at(109_000)) == nil)
        #expect(path.stalled(at: at(110_000)) == Revision(1009))
    }

    @Test func `silence is not held against the watches`() {
        var path = path()
        path.wrote(Revision(8), at: at(1_000))
        path.heard(applied: Revision(5), isReturn: true, at: at(60_000))
        #expect(path.stalled(at: at(69_999)) == nil)
        #expect(path.stalled(at: at(70_000)) == Revision(8))
    }

    @Test func `an agent that starts anew has applied nothing and is measured again`() {
        var path = path(applied: 100)
        path.heard(applied: Revision(0), isReturn: false, at: at(1_000))
        path.wrote(Revision(90), at: at(2_000))
        #expect(path.stalled(at: at(11_000)) == nil)
        #expect(path.stalled(at: at(12_000)) == Revision(90))
    }

    @Test func `the controller's own pause is not held against the node`() {
        var path = path()
        path.wrote(Revision(8), at: at(1_000))
        path.extended(by: .seconds(30))
        #expect(path.stalled(at: at(40_999)) == nil)
        #expect(path.stalled(at: at(41_000)) == Revision(8))
    }
}
