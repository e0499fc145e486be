import Testing
import TidemillNodeCore
import TidemillSeams

@Suite("ClockWatch")
struct ClockWatchTests {
    /// Gains of the wall clock over two seconds of the boot clock, in milliseconds, and what is made of them.
    @Test(arguments: [
        (0, 0), (1, 0), (49, 0), (-49, 0), (50, 50), (-50, -50), (60_000, 60_000), (-3_600_000, -3_600_000),
    ])
    func `what the wall clock gains beyond slewing is a jump`(gain: Int64, jump: Int64) {
        var watch = ClockWatch()
        let (wall, boot) = (WallTime(nanosecondsSince1970: 1_700_000_000_000_000_000), Instant(nanoseconds: 5))
        #expect(watch.sample(wall: wall, boot: boot) == .zero, "the first sample tells nothing")
        let later = WallTime(nanosecondsSince1970: wall.nanosecondsSince1970 + (2000 + gain) * 1_000_000)
        #expect(watch.sample(wall: later, boot: boot + .seconds(2)) == .milliseconds(jump))
        #expect(watch.sample(wall: later, boot: boot + .seconds(2)) == .zero, "told once")
    }
}
