import Testing
import TidemillLease
import TidemillSeams

@Suite struct FenceMarginTests {
    @Test(arguments: [
        (60_000, 20, 6_000), (1_500, 20, 150), (1_500, 150, 150), (1_500, 400, 400), (10_000, 1_000, 1_000),
    ]) func `is the larger of a tenth and the time to kill`(after: Int, kill: Int, margin: Int) {
        let got = FenceMargin.margin(after: .milliseconds(after), timeToKill: .milliseconds(kill))
        #expect(got == .milliseconds(margin))
    }

    @Test func `covers the assumed drift of clocks at every valid after`() {
        for after: Duration in [FencePolicy.smallestAfter, .seconds(60), .seconds(86_400)] {
            let drift = after * FenceMargin.maxClockDriftPartsPerMillion / 1_000_000
            // What is left after the kernel's own timer, at half of the margin, must still exceed both clocks' drift.
            #expect(FenceMargin.margin(after: after, timeToKill: .zero) / 2 > drift * 2)
        }
    }
}
