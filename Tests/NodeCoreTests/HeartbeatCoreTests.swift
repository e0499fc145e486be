import Testing
import TidemillNodeCore
import TidemillSeams
import TidemillWire

@Suite("HeartbeatCore")
struct HeartbeatCoreTests {
    var core = HeartbeatCore(node: NodeID("n"), bootID: BootID("b"), machineID: "m", agentStart: "a")

    static func reply(accepted: Bool = true, interval: Int64 = 250) -> HeartbeatReply {
        HeartbeatReply(
            accepted: accepted, reason: accepted ? nil : "NodeIdentityChanged",
            message: accepted ? nil : "another machine",
            intervalMilliseconds: interval, incarnation: IncarnationID("i"), startID: StartID("s"), revision: 77)
    }

    @Test mutating func `a renewal counts from when it was sent, and the next beat says what was last seen`() {
        let beat = core.beat(at: Instant(nanoseconds: 500), applied: Revision(9))
        #expect(beat.sentAt == 500 && beat.appliedRevision == 9 && beat.incarnation == nil)
        #expect(
            core.answered(Self.reply(), to: beat)
                == .renewed(
                    sentAt: Instant(nanoseconds: 500), incarnation: IncarnationID("i"), start: StartID("s"),
                    wantsInventory: false))
        let next = core.beat(at: Instant(nanoseconds: 900), applied: Revision(9))
        #expect(next.incarnation == IncarnationID("i") && next.startID == StartID("s") && next.lastRevision == 77)
    }

    @Test mutating func `an answer to an earlier beat renews nothing`() {
        let first = core.beat(at: Instant(nanoseconds: 500), applied: Revision(0))
        _ = core.beat(at: Instant(nanoseconds: 900), applied: Revision(0))
        #expect(core.answered(Self.reply(), to: first) == .ignored)
    }

    @Test mutating func `a refusal is told with its reason and renews nothing`() {
        let beat = core.beat(at: Instant(nanoseconds: 1), applied: Revision(0))
        #expect(
            core.answered(Self.reply(accepted: false), to: beat)
                == .turnedAway(reason: "NodeIdentityChanged", message: "another machine", wantsInventory: false))
        #expect(core.beat(at: Instant(nanoseconds: 2), applied: Revision(0)).incarnation == nil)
    }

    @Test(arguments: [(250, 250), (2000, 2000), (0, 50), (99_999_999, 10_000)] as [(Int64, Int64)])
    mutating func `the controller sets the interval, within reason`(asked: Int64, kept: Int64) {
        let beat = core.beat(at: Instant(nanoseconds: 1), applied: Revision(0))
        _ = core.answered(Self.reply(interval: asked), to: beat)
        #expect(core.interval == .milliseconds(kept))
    }

    @Test(arguments: [0, 1, 12_345, UInt64.max] as [UInt64])
    mutating func `beats are never later than the interval after the last, and at most a tenth earlier`(bits: UInt64) {
        _ = core.beat(at: Instant(nanoseconds: 0), applied: Revision(0))
        let wait = core.wait(at: Instant(nanoseconds: 500_000_000), randomness: bits)
        #expect(wait <= .milliseconds(1500) && wait >= .milliseconds(1300))
        #expect(core.wait(at: Instant(nanoseconds: 9_000_000_000), randomness: bits) == .milliseconds(10))
    }
}
