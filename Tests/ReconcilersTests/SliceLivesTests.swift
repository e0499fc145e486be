import Testing
import TidemillReconcilers
import TidemillSeams
import TidemillWire

@Suite struct SliceLivesTests {
    let boot = BootID("b1")

    func heartbeat(_ seconds: Int64, applied: Int64, boot: String = "b1", untold: Bool = false) -> Heartbeat {
        Heartbeat(
            node: NodeID("a"), bootID: BootID(boot), machineID: "m", agentStart: "p", sentAt: seconds * 1_000_000_000,
            appliedRevision: applied, hasUntoldEnds: untold)
    }

    /// A slice that the store shows as active since revision 50.
    func lives() -> SliceLives {
        var lives = SliceLives()
        lives.learn([SliceUID("s"): (boot, Revision(50))])
        return lives
    }

    @Test func `a slice is active between what its node sent, whenever that was processed`() {
        var lives = lives()
        lives.heard(heartbeat(100, applied: 49))
        #expect(lives.shown == [SliceUID("s"): .zero])
        lives.heard(heartbeat(102, applied: 50))
        lives.heard(heartbeat(109, applied: 50))
        // Overtaken on the way.
        lives.heard(heartbeat(105, applied: 50))
        #expect(lives.shown == [SliceUID("s"): .seconds(7)])
    }

    @Test func `what is sent while an end is untold shows nothing`() {
        var lives = lives()
        lives.heard(heartbeat(102, applied: 50))
        lives.heard(heartbeat(104, applied: 50))
        lives.heard(heartbeat(109, applied: 50, untold: true))
        #expect(lives.shown == [SliceUID("s"): .seconds(2)])
    }

    @Test func `another boot shows nothing of a slice that this one ran`() {
        var lives = lives()
        lives.heard(heartbeat(102, applied: 60))
        lives.heard(heartbeat(900, applied: 60, boot: "b2"))
        #expect(lives.shown == [SliceUID("s"): .zero])
    }

    @Test func `a slice that is seen again goes on, and one that left is forgotten`() {
        var lives = lives()
        lives.heard(heartbeat(102, applied: 60))
        lives.learn([SliceUID("s"): (boot, Revision(70))])
        lives.heard(heartbeat(104, applied: 60))
        #expect(lives.shown == [SliceUID("s"): .seconds(2)])
        lives.learn([:])
        #expect(lives.shown.isEmpty)
    }
}
