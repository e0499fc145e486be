import Testing
import TidemillLease
import TidemillSeams

@Suite struct ShimLifeTests {
    /// Deadline at 9 s, kernel at 9.5 s.
    private func life(grace: Duration = .seconds(5)) -> ShimLife {
        ShimLife(
            deadline: Deadline(
                boot: BootID("b"), epoch: Epoch(1), after: .seconds(10), margin: .seconds(1), sentAt: at(0)),
            stopGrace: grace)
    }

    private func renewal(_ milliseconds: Int64) -> Renewal {
        Renewal(boot: BootID("b"), incarnation: IncarnationID("i"), sentAt: at(milliseconds))
    }

    @Test func `the fence is armed first, then half of the time is waited`() {
        var life = life()
        #expect(life.start(nil, at: at(1_000)) == [.armKernelTimer(at(9_500)), .wakeAt(at(5_000))])
    }

    @Test func `an extension seen at the start counts`() {
        var life = life()
        let effects = life.start(renewal(2_000), at: at(3_000))
        #expect(effects == [.armKernelTimer(at(9_500)), .armKernelTimer(at(11_500)), .wakeAt(at(7_000))])
    }

    @Test func `nothing starts past its deadline`() {
        var life = life()
        #expect(life.start(renewal(8_000), at: at(9_000)) == [.endSlice], "no timer may kill before the record")
        #expect(life.outcome?.reason == .fenced)
    }

    @Test func `an extension re-arms, silence ends at the deadline`() {
        var life = life()
        _ = life.start(nil, at: at(0))
        #expect(life.on(.woke(renewal(4_000)), at: at(4_500)) == [.armKernelTimer(at(13_500)), .wakeAt(at(8_750))])
        #expect(life.on(.woke(renewal(4_000)), at: at(8_750)) == [.wakeAt(at(10_875))])
        #expect(life.on(.woke(nil), at: at(13_000)) == [.endSlice])
        #expect(life.outcome?.reason == .fenced)
    }

    @Test func `a renewal seen too late is no renewal`() {
        var life = life()
        _ = life.start(nil, at: at(0))
        #expect(life.on(.woke(renewal(8_999)), at: at(9_000)) == [.endSlice])
    }

    @Test func `a stop asks first, and kills after the grace`() {
        var life = life(grace: .seconds(1))
        _ = life.start(nil, at: at(0))
        #expect(life.on(.stopRequested, at: at(100)) == [.askCommandToEnd, .wakeAt(at(1_100))])
        #expect(life.on(.stopRequested, at: at(200)) == [])
        #expect(life.on(.woke(nil), at: at(1_100)) == [.endSlice])
        #expect(life.outcome?.reason == .stopped)
    }

    @Test func `the deadline comes before a longer grace`() {
        var life = life(grace: .seconds(60))
        _ = life.start(nil, at: at(0))
        _ = life.on(.stopRequested, at: at(8_000))
        #expect(life.on(.woke(nil), at: at(9_000)) == [.endSlice])
        #expect(life.outcome?.reason == .fenced)
    }

    @Test(arguments: [
        (Int32?(0), Int32?.none, false, Int64(0), EndReason.completed), (1, nil, false, 0, .error),
        (nil, 9, false, 0, .error), (nil, 9, false, 1, .memoryLimitExceeded),
        (137, nil, false, 3, .memoryLimitExceeded),
        (0, nil, false, 1, .completed), (nil, 15, true, 0, .stopped), (0, nil, true, 0, .completed),
        (nil, 15, true, 2, .stopped),
    ]) func `how the command ended is told`(
        exitCode: Int32?, signal: Int32?, stopped: Bool, oomKills: Int64, reason: EndReason
    ) {
        var life = ShimLife(deadline: nil, stopGrace: .seconds(1))
        #expect(life.start(nil, at: at(0)) == [])
        if stopped { _ = life.on(.stopRequested, at: at(1)) }
        #expect(life.on(.commandEnded(exitCode: exitCode, signal: signal), at: at(2)) == [.endSlice])
        #expect(life.outcome(oomKills: oomKills)?.reason == reason)
        #expect(life.outcome(oomKills: oomKills)?.exitCode == exitCode)
    }

    @Test func `the first end is the end`() {
        var life = life()
        _ = life.start(nil, at: at(0))
        _ = life.on(.commandEnded(exitCode: 0, signal: nil), at: at(1))
        #expect(life.on(.woke(nil), at: at(9_000)) == [])
        #expect(life.outcome?.reason == .completed)
    }
}
